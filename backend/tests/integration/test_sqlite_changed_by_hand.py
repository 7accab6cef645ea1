"""SQLite tells when anybody wrote to the file, so even a change by hand is seen at once.

PostgreSQL does not; its stores count the changes they make (``seats_version``).
"""

from pathlib import Path

from leasing.models import Seat
from tests.support.world import World


def test_s3_a_seat_freed_in_the_tables_is_seen_by_the_next_batch(db: Path) -> None:
    world = World(db, seats=3)
    for device in ("laptop", "desktop", "tablet"):
        world.acquire(device)

    Seat.across_tenants.filter(slot=1).update(
        session_id=None, device=None, lease_expires_at=None, unnamed_expires_at=None
    )

    assert world.acquire("phone").in_use == 3
    world.close()
