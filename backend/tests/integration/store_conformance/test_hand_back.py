"""A new seat that could not be proven is handed back, unless somebody has come to share it."""

import pytest

from leasing.errors import LeaseLost
from leasing.store import Acquire, Lease, Release, Released
from tests.support.ledger import contradictions, live_seats
from tests.support.world import World


def hand_back(world: World, lease: Lease, instance: str = "") -> Release:
    return world.alice.release(lease.session_id, instance, unless_joined_since=lease.seq or 0)


def granted(world: World, call: Acquire) -> Lease:
    return world.ask(call, Lease)


@pytest.mark.parametrize("wants_token", [True, False])
@pytest.mark.parametrize("instance", ["", "editor"])
def test_s8_a_seat_that_nobody_joined_is_free_at_once(
    world: World, instance: str, wants_token: bool
) -> None:
    world.alice.resize(1)
    lease = granted(world, world.alice.acquire("laptop", instance, wants_token=wants_token))

    world.ask(hand_back(world, lease, instance), Released)

    with pytest.raises(LeaseLost, match="released"):
        world.heartbeat(lease, instance)
    assert world.acquire("desktop").is_new
    assert contradictions(world.alice) == []


@pytest.mark.parametrize("wants_token", [True, False])
@pytest.mark.parametrize("instance", ["", "renderer"])
def test_s2_a_seat_that_another_program_joined_is_kept(
    world: World, instance: str, wants_token: bool
) -> None:
    lease = granted(world, world.alice.acquire("laptop", wants_token=wants_token))
    joined = granted(world, world.alice.acquire("laptop", instance, wants_token=wants_token))

    world.ask(hand_back(world, lease), Released)

    assert joined.session_id == lease.session_id
    assert world.heartbeat(joined, instance).gen == lease.gen


def test_s2_a_program_that_joins_in_the_same_batch_keeps_the_seat(world: World) -> None:
    calls = [world.alice.acquire("laptop", wants_token=False)] * 2
    first, second = world.apply(*calls)
    assert isinstance(first, Lease)
    assert isinstance(second, Lease)

    world.ask(hand_back(world, first), Released)

    assert world.heartbeat(second).session_id == first.session_id


def test_s2_a_program_that_joins_through_another_process_keeps_the_seat(world: World) -> None:
    other = world.another_store()
    lease = granted(world, world.alice.acquire("laptop", wants_token=False))
    (joined,) = other.apply([world.alice.acquire("laptop", wants_token=False)])
    other.close()
    assert isinstance(joined, Lease)

    world.ask(hand_back(world, lease), Released)

    assert world.heartbeat(joined).session_id == lease.session_id


def test_s5_handing_back_twice_is_handing_back_once(world: World) -> None:
    lease = world.acquire("laptop")

    for _ in range(2):
        world.ask(hand_back(world, lease), Released)

    assert live_seats(world.alice, world.now) == 0
    assert contradictions(world.alice) == []
