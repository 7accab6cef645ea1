"""The audit trail: one record for each change, written with it (S15)."""

from collections import Counter
from collections.abc import Callable

import pytest

from audit.models import AuditEvent
from leasing.errors import SeatsExhausted
from leasing.models import LicenseSession
from tests.support.cast import invite
from tests.support.ledger import Recorded, contradictions, denials, seat_records
from tests.support.world import World


def test_s15_a_grant_and_its_release_leave_one_record_each(world: World) -> None:
    lease = world.acquire("laptop")
    world.heartbeat(lease)
    world.acquire("laptop", "editor")
    world.release(lease)
    world.release(lease)

    assert Counter(seat_records(world.alice)) == Counter(
        [
            Recorded("seat.granted", lease.session_id, 0, ""),
            Recorded("seat.released", lease.session_id, 0, "released"),
        ]
    )


@pytest.mark.parametrize("noticed_by", ["heartbeat", "acquire", "rival", "reaper", "release"])
def test_s15_an_expiry_leaves_one_record_whoever_notices_it(world: World, noticed_by: str) -> None:
    world.alice.resize(1)
    lease = world.acquire("laptop")
    world.pass_time(400)

    notice: dict[str, Callable[[], object]] = {
        "heartbeat": lambda: world.apply(world.alice.heartbeat(lease.session_id)),
        "acquire": lambda: world.acquire("laptop"),
        "rival": lambda: world.acquire("desktop"),
        "reaper": lambda: world.store.reap(10),
        "release": lambda: world.release(lease),
    }

    notice[noticed_by]()
    world.store.reap(10)

    reason = "taken_over" if noticed_by == "rival" else "expired"
    ends = [record for record in seat_records(world.alice) if record.action == "lease.expired"]
    assert ends == [Recorded("lease.expired", lease.session_id, 0, reason)]
    assert contradictions(world.alice) == []


def test_s15_records_name_the_principal_that_acted(world: World) -> None:
    cast = invite(world)
    lease = world.acquire("laptop", customer=cast.bob)
    world.apply(cast.bob.release(lease.session_id, caller=cast.bob.key_holder))
    world.acquire("desktop", customer=cast.bob)
    world.pass_time(400)
    world.store.reap(10)

    events = AuditEvent.across_tenants.filter(
        tenant_id=cast.bob.tenant.id, session_id__isnull=False
    )

    assert Counter((event.action, event.principal) for event in events) == Counter(
        [
            ("seat.granted", "user:bob"),
            ("seat.released", "license_key:test"),
            ("seat.granted", "user:bob"),
            ("lease.expired", "system:lease"),
        ]
    )


def test_s15_denials_are_counted_by_reason_and_not_recorded_one_by_one(world: World) -> None:
    world.alice.resize(0)
    for _ in range(5):
        with pytest.raises(SeatsExhausted):
            world.acquire("laptop")
    world.pass_time(3_600)
    world.apply(*[world.alice.acquire("laptop")] * 4)

    assert denials(world.alice) == {"seats_exhausted": 9}
    assert seat_records(world.alice) == []


def test_s11_denials_are_counted_for_the_tenant_they_happened_to(world: World) -> None:
    cast = invite(world, seats=0)

    world.apply(cast.bob.acquire("laptop"), cast.charlie.acquire("laptop", caller=cast.bob.user))

    assert denials(cast.bob) == {"seats_exhausted": 1}
    assert denials(cast.alice) == denials(cast.charlie) == {}


def test_metadata_is_kept_with_the_session(world: World) -> None:
    world.apply(world.alice.acquire("laptop", metadata_json='{"build": "7.1"}'))

    assert LicenseSession.across_tenants.get().metadata == {"build": "7.1"}
