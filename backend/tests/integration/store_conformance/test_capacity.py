"""Capacity: seats come back by themselves, change hands in order, and follow the license."""

from collections.abc import Callable

import pytest

from leasing.errors import SeatsExhausted
from leasing.models import Seat
from leasing.store import Lease
from tests.support.ledger import contradictions, live_seats
from tests.support.world import World

A_MOMENT = 0.000_001
MORE_THAN_ONE_SCAN_REMEMBERS = 1_100


def test_s9_a_crashed_holders_seat_returns_when_its_lease_ends_without_the_reaper(
    world: World,
) -> None:
    world.alice.resize(1)
    world.acquire("laptop")

    world.pass_time(360 - A_MOMENT)
    with pytest.raises(SeatsExhausted):
        world.acquire("desktop")
    world.clock.advance(A_MOMENT)

    assert world.acquire("desktop").is_new


def test_s9_every_seat_of_a_large_license_returns(make_world: Callable[..., World]) -> None:
    world = make_world(seats=MORE_THAN_ONE_SCAN_REMEMBERS)
    fill(world, "old")
    world.pass_time(360)

    assert fill(world, "new")[-1].in_use == MORE_THAN_ONE_SCAN_REMEMBERS
    with pytest.raises(SeatsExhausted):
        world.acquire("one more")


def test_s9_released_and_new_seats_go_before_those_of_holders_who_may_come_back(
    world: World,
) -> None:
    late = world.acquire("laptop")
    world.pass_time(360)

    world.acquire("desktop")
    world.acquire("tablet")

    assert world.inspect(late).end_reason == "expired"
    assert world.acquire("laptop").gen == late.gen + 1


def test_s6_the_generation_of_a_seat_grows_with_each_holder(world: World) -> None:
    world.alice.resize(1)
    gens = []

    for round_ in range(12):
        lease = world.acquire(f"device-{round_ % 5}")
        gens.append(lease.gen)
        if round_ % 3 == 0:
            world.release(lease)
        else:
            world.pass_time(360)
        if round_ % 3 == 1:
            world.store.reap(10)
        if round_ % 4 == 0:
            world.restart()

    assert gens == list(range(1, 13))


def test_s12_lowering_capacity_evicts_nobody_and_blocks_newcomers(world: World) -> None:
    leases = [world.acquire(device) for device in ("laptop", "desktop", "tablet")]

    world.alice.resize(1)

    for lease in leases:
        assert world.heartbeat(lease).gen == 1
    with pytest.raises(SeatsExhausted) as denied:
        world.acquire("phone")
    assert (denied.value.total, denied.value.in_use) == (1, 3)


def test_s12_newcomers_wait_until_enough_holders_have_gone(world: World) -> None:
    leases = [world.acquire(device) for device in ("laptop", "desktop", "tablet")]
    world.alice.resize(1)

    for lease in leases[:2]:
        world.release(lease)
        with pytest.raises(SeatsExhausted):
            world.acquire("phone")
    world.release(leases[2])

    assert world.acquire("phone").in_use == 1


def test_s12_a_former_seat_above_the_lowered_cap_is_not_granted_again(world: World) -> None:
    first, second, third = (world.acquire(device) for device in ("laptop", "desktop", "tablet"))
    world.release(first)
    world.release(second)
    world.pass_time(360)
    world.alice.resize(1)

    again = world.acquire("tablet")

    assert again.gen == third.gen + 1
    assert Seat.across_tenants.get(session_id=again.session_id).slot == 0


def test_s12_raising_capacity_works_at_once(world: World) -> None:
    world.alice.resize(1)
    world.acquire("laptop")
    with pytest.raises(SeatsExhausted):
        world.acquire("desktop")

    world.alice.resize(2)

    assert world.acquire("desktop").in_use == 2


def test_s1_s12_a_lapsed_holder_above_the_cap_is_not_discounted_twice(world: World) -> None:
    first, second, third = (world.acquire(device) for device in ("laptop", "desktop", "tablet"))
    world.pass_time(300)
    world.heartbeat(first)
    world.heartbeat(second)
    world.pass_time(60)
    world.alice.resize(2)
    with pytest.raises(SeatsExhausted):
        world.acquire("phone")

    world.release(third)

    with pytest.raises(SeatsExhausted) as denied:
        world.acquire("phone")
    assert denied.value.in_use == 2


def test_s1_reaping_more_than_one_scan_remembers_discounts_nobody_twice(
    make_world: Callable[..., World],
) -> None:
    world = make_world(seats=MORE_THAN_ONE_SCAN_REMEMBERS + 1)
    fill(world, "old")
    world.pass_time(360)
    assert world.acquire("laptop").in_use == 1

    assert world.store.reap(MORE_THAN_ONE_SCAN_REMEMBERS) == MORE_THAN_ONE_SCAN_REMEMBERS

    assert world.acquire("desktop").in_use == 2


def test_reap_ends_lapsed_sessions_and_no_others(world: World) -> None:
    lapsed = world.acquire("laptop")
    world.pass_time(300)
    living = world.acquire("desktop")
    world.pass_time(60)

    assert world.store.reap(10) == 1

    assert world.inspect(lapsed).end_reason == "expired"
    assert world.inspect(lapsed).ended_at == lapsed.lease_expires_at
    assert world.inspect(living).ended_at is None
    assert contradictions(world.alice) == []


def test_s17_reap_ends_no_more_at_a_time_than_it_is_told(world: World) -> None:
    for device in ("laptop", "desktop", "tablet"):
        world.acquire(device)
    world.pass_time(360)

    assert [world.store.reap(2), world.store.reap(2), world.store.reap(2)] == [2, 1, 0]
    assert live_seats(world.alice, world.now) == 0


def fill(world: World, generation: str) -> list[Lease]:
    """Take every seat in one batch."""
    seats = MORE_THAN_ONE_SCAN_REMEMBERS
    outcomes = world.apply(*[world.alice.acquire(f"{generation}-{n}") for n in range(seats)])
    leases = [outcome for outcome in outcomes if isinstance(outcome, Lease)]
    assert len(leases) == seats
    return leases
