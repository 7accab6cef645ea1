"""Forced release: an admin ends a session, its seat is free at once, and everybody learns of it."""

from datetime import timedelta

import pytest

from audit.models import AuditEvent
from leasing.errors import LeaseLost, SeatsExhausted, SessionUnknown
from leasing.store import Acquire, Caller, ForceReleased, Lease
from tests.support.cast import invite
from tests.support.ledger import contradictions, live_seats, seat_records
from tests.support.world import World


def test_s5_a_forced_release_ends_every_instance_and_frees_the_seat(world: World) -> None:
    lease = world.acquire("laptop", "editor")
    world.acquire("laptop", "renderer")

    outcome = world.force_release(lease)

    assert outcome == ForceReleased(
        session_id=lease.session_id,
        license_id=str(world.alice.license.id),
        ended_at=world.now,
        end_reason="released",
        proofs_expire_at=lease.lease_expires_at,
    )
    assert live_seats(world.alice, world.now) == 0
    for instance in ("editor", "renderer", ""):
        with pytest.raises(LeaseLost) as lost:
            world.heartbeat(lease, instance)
        assert lost.value.reason == "released"


def test_s15_a_forced_release_is_recorded_once_with_who_did_it(world: World) -> None:
    lease = world.acquire("laptop")
    admin = Caller("user:admin", str(world.alice.tenant.id))

    call = world.alice.force_release(lease.session_id, caller=admin)
    outcomes = world.apply(call, call) + world.apply(call)

    records = AuditEvent.across_tenants.filter(action="seat.force_released")
    assert [(str(one.session_id), one.principal) for one in records] == [
        (lease.session_id, "user:admin")
    ]
    ends = [one.ended_at for one in outcomes if isinstance(one, ForceReleased)]
    assert ends == [world.now] * 3
    assert contradictions(world.alice) == []


def test_s6_the_next_holder_of_a_seat_freed_by_force_has_a_higher_gen(world: World) -> None:
    world.alice.resize(1)
    first = world.acquire("laptop")
    with pytest.raises(SeatsExhausted):
        world.acquire("desktop")

    world.force_release(first)

    assert world.acquire("desktop").gen == first.gen + 1


def test_s11_a_forced_release_reaches_no_session_of_another_tenant(world: World) -> None:
    cast = invite(world)
    lease = world.acquire("laptop")

    with pytest.raises(SessionUnknown):
        world.force_release(lease, customer=cast.charlie)

    assert world.heartbeat(lease).gen == 1


def test_a_forced_release_after_the_lease_lapsed_is_an_expiry(world: World) -> None:
    lease = world.acquire("laptop")
    world.pass_time(361)

    outcome = world.force_release(lease)

    assert (outcome.ended_at, outcome.end_reason) == (lease.lease_expires_at, "expired")
    assert [one.action for one in seat_records(world.alice)] == ["seat.granted", "lease.expired"]


def test_a_session_that_runs_on_a_token_alone_is_released_by_force(world: World) -> None:
    world.alice.resize(1)
    backup = world.back_up()
    lost = world.acquire("laptop")
    world.pass_time(60)
    world.restore(backup)
    world.acquire("desktop")
    honored = world.come_back(lost)

    outcome = world.force_release(lost)

    assert (outcome.ended_at, outcome.end_reason) == (world.now, "released")
    assert outcome.proofs_expire_at == honored.lease_expires_at
    with pytest.raises(LeaseLost):
        world.heartbeat(lost)


def test_a_batch_grants_the_seat_that_it_takes_by_force(world: World) -> None:
    world.alice.resize(1)
    first = world.acquire("laptop")

    acquire, force = world.alice.acquire("desktop"), world.alice.force_release(first.session_id)
    granted, released = world.apply(acquire, force)

    assert isinstance(acquire, Acquire)
    assert isinstance(released, ForceReleased)
    assert isinstance(granted, Lease)


def test_another_process_hears_of_a_seat_freed_by_force(world: World) -> None:
    world.alice.resize(1)
    first = world.acquire("laptop")
    with pytest.raises(SeatsExhausted):  # now this store knows by heart that all are held
        world.acquire("desktop")

    office = world.another_store()
    office.apply([world.alice.force_release(first.session_id)])
    office.close()

    assert world.acquire("desktop").is_new


def test_s7_a_lease_that_was_ended_by_force_never_comes_back(world: World) -> None:
    lease = world.acquire("laptop")
    world.force_release(lease)

    with pytest.raises(LeaseLost):
        world.come_back(lease)
    assert world.now - lease.now < timedelta(seconds=1)


def test_a_session_that_never_was_is_unknown(world: World) -> None:
    with pytest.raises(SessionUnknown):
        world.ask(world.alice.force_release(str(world.alice.tenant.id)), ForceReleased)
