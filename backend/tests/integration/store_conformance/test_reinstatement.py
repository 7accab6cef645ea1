"""Reinstatement: signed tokens bring back what a restore has lost (docs/adr/0010)."""

from datetime import timedelta

import pytest

from leasing.errors import LeaseLost, SeatsExhausted, SessionUnknown
from leasing.models import Seat
from leasing.store import Lease
from tests.support.ledger import contradictions, live_seats, seat_records
from tests.support.losses import lose
from tests.support.world import World


def seat_of(lease: Lease) -> Seat:
    return Seat.across_tenants.get(session_id=lease.session_id)


def test_a_lost_session_comes_back_with_its_id_and_is_renewed(world: World) -> None:
    (lease,) = lose(world, "laptop")
    with pytest.raises(SessionUnknown):
        world.heartbeat(lease)

    back = world.come_back(lease)

    assert (back.session_id, back.device) == (lease.session_id, lease.device)
    assert back.lease_expires_at == world.now + timedelta(seconds=360)
    world.pass_time(120)
    assert world.heartbeat(back).lease_expires_at == world.now + timedelta(seconds=360)


def test_s15_a_reinstatement_leaves_seat_session_and_one_record(world: World) -> None:
    (lease,) = lose(world, "laptop")

    world.come_back(lease)
    world.come_back(lease)

    assert live_seats(world.alice, world.now) == 1
    assert contradictions(world.alice) == []
    assert [record.action for record in seat_records(world.alice)] == ["seat.reinstated"]


def test_s6_gens_and_seqs_grow_past_all_that_may_have_been_lost(world: World) -> None:
    backup = world.back_up()
    world.pass_time(60)
    lost = [world.acquire("laptop")]
    for _ in range(5):
        world.release(lost[-1])
        lost.append(world.acquire("laptop"))
    kept = world.heartbeat(lost[-1])
    world.restore(backup)

    newcomer, back = world.acquire("phone"), world.come_back(kept)

    assert newcomer.gen > max(lease.gen for lease in lost)
    assert back.gen >= kept.gen
    assert seat_of(back).gen == back.gen
    assert (back.seq or 0) > (kept.seq or 0)


def test_s6_the_tokens_of_a_session_that_was_kept_count_on_past_the_lost_ones(
    world: World,
) -> None:
    lease = world.acquire("laptop")
    backup = world.back_up()
    world.pass_time(60)
    last = [world.ask(world.alice.heartbeat(lease.session_id, wants_token=True), Lease)] * 3
    world.restore(backup)

    renewed = world.ask(world.alice.heartbeat(lease.session_id, wants_token=True), Lease)

    assert (renewed.seq or 0) > max(one.seq or 0 for one in last)


def test_s6_who_comes_back_to_a_seat_that_had_a_later_holder_since_has_a_greater_gen(
    world: World,
) -> None:
    """The restored ledger believes in the first holder; who came after it was lost."""
    world.alice.resize(1)
    first = world.acquire("laptop")
    backup = world.back_up()
    world.pass_time(60)
    world.release(first)
    later = world.acquire("desktop")
    world.restore(backup)

    again = world.acquire("laptop")

    assert again.session_id == first.session_id
    assert again.gen == seat_of(again).gen > later.gen


def test_s1_the_seats_of_those_who_came_back_are_given_to_nobody_else(world: World) -> None:
    leases = lose(world, "laptop", "desktop", "tablet")

    for lease in leases:
        world.come_back(lease)

    with pytest.raises(SeatsExhausted):
        world.acquire("phone")
    assert live_seats(world.alice, world.now) == 3


def test_s4_who_came_back_finds_its_seat_by_acquiring(world: World) -> None:
    (lease,) = lose(world, "laptop")
    back = world.come_back(lease)

    again = world.acquire("laptop")

    assert (again.session_id, again.gen, again.in_use) == (lease.session_id, back.gen, 1)


def test_s8_a_release_frees_a_seat_that_came_back(world: World) -> None:
    world.alice.resize(1)
    (lease,) = lose(world, "laptop")

    world.release(world.come_back(lease))

    assert world.acquire("desktop").is_new
    assert contradictions(world.alice) == []


def test_a_token_of_a_session_that_is_there_renews_it_like_any_heartbeat(world: World) -> None:
    lease = world.acquire("laptop")
    world.pass_time(60)

    back = world.come_back(lease)

    assert (back.session_id, back.gen) == (lease.session_id, 1)
    assert [record.action for record in seat_records(world.alice)] == ["seat.granted"]


def test_a_released_session_whose_record_was_lost_comes_back_until_its_token_ends(
    world: World,
) -> None:
    """The stated bound of every recovery by tokens: nobody is left to know of the release."""
    backup = world.back_up()
    world.pass_time(60)
    lease = world.acquire("laptop")
    world.release(lease)
    world.restore(backup)

    assert world.come_back(lease).session_id == lease.session_id

    world.restore(backup)
    world.pass_time(360)
    with pytest.raises(SessionUnknown):
        world.come_back(lease)


def test_s4_a_token_that_is_newer_than_its_devices_seat_takes_its_place(world: World) -> None:
    """The restored ledger still has the session that its device had before that of the token."""
    before = world.acquire("laptop")
    backup = world.back_up()
    world.pass_time(60)
    world.release(before)
    lease = world.acquire("laptop")
    world.restore(backup)

    back = world.come_back(lease)

    assert (back.session_id, seat_of(back).slot) == (lease.session_id, 0)
    assert live_seats(world.alice, world.now) == 1
    with pytest.raises(LeaseLost, match="taken_over"):
        world.heartbeat(before)
    assert contradictions(world.alice) == []


def test_two_stores_bring_one_session_back_once(world: World) -> None:
    (lease,) = lose(world, "laptop")
    other = world.another_store()

    outcomes = [world.come_back(lease), *other.apply([world.alice.come_back(lease)])]
    other.close()

    assert all(isinstance(one, Lease) for one in outcomes)
    assert live_seats(world.alice, world.now) == 1
    assert contradictions(world.alice) == []
