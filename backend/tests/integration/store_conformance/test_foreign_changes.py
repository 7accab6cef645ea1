"""What others change in the ledger, the next batch sees: nothing is known by heart for long."""

from datetime import timedelta

import pytest

from leasing.errors import SeatsExhausted
from leasing.models import Seat
from licenses.errors import LicenseExpired
from tests.support.world import World


@pytest.fixture
def full(world: World) -> World:
    """The world, every seat taken and the store sure of it."""
    for device in ("laptop", "desktop", "tablet"):
        world.acquire(device)
    with pytest.raises(SeatsExhausted):
        world.acquire("phone")
    return world


def test_s12_a_resize_is_seen_by_the_next_batch(full: World) -> None:
    full.alice.resize(4)

    assert full.acquire("phone").in_use == 4


def test_a_moved_end_is_seen_by_the_next_batch(full: World) -> None:
    full.alice.move_expiry(full.now)

    with pytest.raises(LicenseExpired):
        full.acquire("laptop")


def test_s1_a_lease_prolonged_in_the_tables_is_seen_by_the_next_batch(full: World) -> None:
    full.pass_time(359)
    Seat.across_tenants.update(lease_expires_at=full.now + timedelta(seconds=100))
    full.pass_time(2)

    with pytest.raises(SeatsExhausted):
        full.acquire("phone")


def test_s1_seats_granted_through_another_store_are_seen_by_the_next_batch(world: World) -> None:
    other = world.another_store()
    world.acquire("laptop")

    other.apply([world.alice.acquire("desktop"), world.alice.acquire("tablet")])

    with pytest.raises(SeatsExhausted) as denied:
        world.acquire("phone")
    assert denied.value.in_use == 3
    other.close()


def test_s3_seats_released_through_another_store_are_seen_by_the_next_batch(full: World) -> None:
    lease = full.acquire("laptop")
    other = full.another_store()

    other.apply([full.alice.release(lease.session_id)])
    other.close()

    assert full.acquire("phone").in_use == 3
