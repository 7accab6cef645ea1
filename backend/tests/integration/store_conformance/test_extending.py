"""Leases made longer before something is blocked (docs/adr/0038)."""

from datetime import timedelta
from typing import Any, cast

import pytest
from msgspec import structs

from audit.models import AuditEvent
from foundation.clock import rfc3339
from leasing.errors import LeaseLost, SeatsExhausted
from leasing.extending import ExtendedLeases, extend_leases
from leasing.models import LicenseSession, SeatInstance
from leasing.store import Extended, ExtendingStore, Extension
from tests.support.cast import invite
from tests.support.ledger import contradictions, live_seats
from tests.support.world import World

HOUR = 3_600
ASKED = Extension(seconds=HOUR, principal="operator:eve", incident="i-1")


def extend(world: World, **changes: Any) -> Extended:
    """Extend one page beside the server, as the operator's command does."""
    store = cast("ExtendingStore", world.another_store())
    try:
        return store.extend(structs.replace(ASKED, **changes))
    finally:
        store.close()


def extend_all(world: World, **changes: Any) -> ExtendedLeases:
    return extend_leases(
        structs.replace(ASKED, **changes),
        open_store=lambda: cast("ExtendingStore", world.another_store()),
        rest=lambda: None,
    )


def test_s2_a_live_lease_ends_later_and_the_next_heartbeat_brings_a_token_for_it(
    world: World,
) -> None:
    lease = world.acquire("laptop")
    world.pass_time(10)

    extended = extend(world)
    world.pass_time(20)
    beat = world.heartbeat(lease)

    assert (extended.leases, extended.longest_heartbeat_interval_seconds) == (1, 120)
    assert extended.until == world.now + timedelta(seconds=HOUR - 20)
    assert beat.lease_expires_at == extended.until
    assert beat.seq is not None  # a token is due though the last is 30 s old
    assert contradictions(world.alice) == []


def test_s1_an_extended_seat_is_counted_to_its_end_and_free_then(world: World) -> None:
    world.alice.resize(1)
    lease = world.acquire("laptop")
    extend(world)

    world.pass_time(HOUR - 1)
    with pytest.raises(SeatsExhausted):
        world.acquire("desktop")
    world.pass_time(1)

    assert world.acquire("desktop").is_new
    with pytest.raises(LeaseLost):
        world.heartbeat(lease)


def test_s2_a_holder_that_could_not_beat_for_an_hour_comes_back_to_its_lease(world: World) -> None:
    lease = world.acquire("laptop", "editor")
    extend(world)
    world.heartbeat(lease, "editor")

    world.pass_time(HOUR - 60)

    assert world.heartbeat(lease, "editor").session_id == lease.session_id
    assert contradictions(world.alice) == []


def test_s7_an_extension_never_shortens_and_may_be_repeated(world: World) -> None:
    world.acquire("laptop")
    first = extend(world, seconds=2 * HOUR)

    second = extend(world)

    assert (first.leases, second.leases) == (1, 0)
    assert live_seats(world.alice, world.now + timedelta(seconds=2 * HOUR - 1)) == 1


def test_s7_a_borrowed_seat_keeps_its_later_end(world: World) -> None:
    world.alice.lend(7 * 86_400)
    lease = world.acquire("laptop")
    borrowed = world.borrow(lease, 86_400)

    assert extend(world).leases == 0
    assert world.heartbeat(lease).lease_expires_at == borrowed.lease_expires_at


def test_an_extension_does_not_outlive_the_license(world: World) -> None:
    lease = world.acquire("laptop")
    world.alice.move_expiry(world.now + timedelta(minutes=20))

    extend(world)

    assert world.heartbeat(lease).lease_expires_at == world.now + timedelta(minutes=20)


def test_s9_a_lapsed_lease_is_not_brought_back(world: World) -> None:
    world.alice.resize(1)
    world.acquire("laptop")
    world.pass_time(361)

    assert extend(world).leases == 0
    assert world.acquire("desktop").is_new


def test_a_released_seat_stays_free(world: World) -> None:
    world.release(world.acquire("laptop"))

    assert extend(world).leases == 0
    assert live_seats(world.alice, world.now) == 0


def test_a_suspended_license_is_not_extended(world: World) -> None:
    lease = world.acquire("laptop")
    world.alice.suspend()

    assert extend(world).leases == 0
    assert world.inspect(lease).lease_expires_at == lease.lease_expires_at


def test_s11_the_tenant_that_is_to_be_blocked_keeps_its_own_ends(world: World) -> None:
    cast_ = invite(world)
    innocent = world.acquire("laptop")
    accused = world.acquire("desktop", customer=cast_.charlie)

    done = extend_all(world, spared_tenants=(str(cast_.charlie.tenant.id),))

    assert (done.leases, done.tenants) == (1, 1)
    assert world.inspect(innocent).lease_expires_at == done.until
    now_of_accused = world.inspect(accused, customer=cast_.charlie)
    assert now_of_accused.lease_expires_at == accused.lease_expires_at


def test_s5_a_share_that_lapsed_stays_lapsed_beside_one_that_runs(world: World) -> None:
    lease = world.acquire("laptop", "old")
    world.pass_time(300)
    world.acquire("laptop", "new")
    world.pass_time(120)

    until = extend(world).until

    ends = dict(SeatInstance.across_tenants.values_list("instance_id", "lease_expires_at"))
    assert ends == {"old": lease.lease_expires_at, "new": until}


def test_s15_each_license_of_a_page_has_one_record_that_names_the_incident(world: World) -> None:
    world.acquire("laptop")
    world.acquire("desktop")

    until = extend(world).until

    record = AuditEvent.across_tenants.get(action="lease.extended")
    assert (record.principal, record.session_id) == ("operator:eve", None)
    assert record.license_id == world.alice.license.id
    assert record.details == {"leases": 2, "until": rfc3339(until), "incident": "i-1"}


def test_s17_pages_are_bounded_and_meet_every_seat_once(world: World) -> None:
    world.alice.resize(5)
    for device in "abcde":
        world.acquire(device)
    rests: list[None] = []

    done = extend_leases(
        structs.replace(ASKED, most_seats=2),
        open_store=lambda: cast("ExtendingStore", world.another_store()),
        rest=lambda: rests.append(None),
    )

    assert (done.leases, len(rests)) == (5, 3)
    assert AuditEvent.across_tenants.filter(action="lease.extended").count() == 3


def test_nothing_is_extended_where_nobody_holds_a_seat(world: World) -> None:
    assert extend_all(world) == ExtendedLeases(0, 0, None, 0)


@pytest.mark.parametrize("seconds", [0, 59, 14_401])
def test_a_time_outside_the_limits_is_refused_before_anything_is_opened(
    world: World, seconds: int
) -> None:
    with pytest.raises(ValueError, match="60 to 14400"):
        extend_all(world, seconds=seconds)


def test_s7_heartbeats_and_an_extension_at_once_leave_the_later_end(world: World) -> None:
    lease = world.acquire("laptop")
    world.heartbeat(lease)  # the server knows the row by heart now
    until = extend(world).until

    outcomes = world.apply(*[world.alice.heartbeat(lease.session_id)] * 3)

    assert [getattr(one, "lease_expires_at", one) for one in outcomes] == [until] * 3
    assert LicenseSession.across_tenants.get(id=lease.session_id).ended_at is None
