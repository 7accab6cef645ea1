"""Calls of one batch that reach for the same seat: each builds on what those before it decided."""

import pytest

from leasing.errors import LeaseLost, SeatsExhausted, TooManyInstances
from leasing.store import Lease, Outcome, Released
from tests.support.cast import invite
from tests.support.ledger import contradictions, live_seats, seat_records
from tests.support.world import World

MOST_INSTANCES = 1_000


def leases(outcomes: list[Outcome]) -> list[Lease]:
    assert all(isinstance(outcome, Lease) for outcome in outcomes)
    return [outcome for outcome in outcomes if isinstance(outcome, Lease)]


def test_s4_a_device_that_asks_twice_for_a_new_seat_gets_one(world: World) -> None:
    first, second, third = leases(
        world.apply(
            world.alice.acquire("laptop", "editor"),
            world.alice.acquire("laptop"),
            world.alice.acquire("laptop", "renderer"),
        )
    )

    assert (first.is_new, second.is_new, third.is_new) == (True, False, False)
    assert first.session_id == second.session_id == third.session_id
    assert (first.seq, second.seq, third.seq) == (1, 2, 3)
    assert world.inspect(first).instances == ("editor", "renderer")
    assert live_seats(world.alice, world.now) == 1


def test_s1_a_lapsed_seat_goes_to_the_first_and_not_to_its_late_holder_too(world: World) -> None:
    world.alice.resize(1)
    late = world.acquire("laptop")
    world.pass_time(360)

    granted, denied = world.apply(world.alice.acquire("desktop"), world.alice.acquire("laptop"))

    assert isinstance(granted, Lease)
    assert granted.gen == late.gen + 1
    assert isinstance(denied, SeatsExhausted)
    assert world.inspect(late).end_reason == "taken_over"
    ends = [record for record in seat_records(world.alice) if record.session_id == late.session_id]
    assert [record.action for record in ends] == ["seat.granted", "lease.expired"]


def test_s9_a_late_holder_that_asks_first_gets_its_own_seat_back(world: World) -> None:
    world.alice.resize(1)
    late = world.acquire("laptop")
    world.pass_time(360)

    granted, denied = world.apply(world.alice.acquire("laptop"), world.alice.acquire("desktop"))

    assert isinstance(granted, Lease)
    assert (granted.is_new, granted.gen) == (True, late.gen + 1)
    assert isinstance(denied, SeatsExhausted)
    assert world.inspect(late).end_reason == "expired"


def test_s3_lapsed_seats_of_devices_that_come_back_together_are_all_granted(world: World) -> None:
    devices = ["laptop", "desktop", "tablet"]
    before = leases(world.apply(*[world.alice.acquire(device) for device in devices]))
    world.pass_time(360)

    after = leases(
        world.apply(*[world.alice.acquire(device) for device in ["phone", *devices[:0:-1]]])
    )

    assert [lease.in_use for lease in after] == [1, 2, 3]
    assert all(lease.is_new for lease in after)
    assert len({(lease.session_id) for lease in [*before, *after]}) == 6
    assert contradictions(world.alice) == []


def test_s12_a_late_holder_of_a_seat_beyond_a_lowered_cap_moves_to_a_released_one(
    world: World,
) -> None:
    first = world.acquire("laptop")
    world.acquire("desktop")
    beyond = world.acquire("tablet")
    world.release(first)
    world.alice.resize(1)
    world.pass_time(360)

    granted, denied = world.apply(world.alice.acquire("tablet"), world.alice.acquire("phone"))

    assert isinstance(granted, Lease)
    assert granted.session_id != beyond.session_id
    assert granted.gen == first.gen + 1
    assert isinstance(denied, SeatsExhausted)
    assert contradictions(world.alice) == []


def test_s3_released_seats_of_many_licenses_are_found_together(world: World) -> None:
    cast = invite(world)
    customers = (cast.alice, cast.bob, cast.charlie)
    held = leases(world.apply(*[one.acquire(f"old-{n}") for one in customers for n in range(2)]))
    owners = [one for one in customers for _ in range(2)]
    world.apply(*[one.release(lease.session_id) for one, lease in zip(owners, held, strict=True)])

    again = leases(world.apply(*[one.acquire(f"new-{n}") for n in range(2) for one in customers]))

    assert {lease.gen for lease in again} == {2}
    assert [contradictions(one) for one in customers] == [[], [], []]


def test_s5_the_seat_is_free_when_its_instances_leave_together(world: World) -> None:
    lease = world.acquire("laptop", "editor")
    world.acquire("laptop", "renderer")

    outcomes = world.apply(
        world.alice.release(lease.session_id, "editor"),
        world.alice.release(lease.session_id, "renderer"),
        world.alice.release(lease.session_id, "renderer"),
    )

    assert outcomes == [Released()] * 3
    assert world.inspect(lease).end_reason == "released"
    assert live_seats(world.alice, world.now) == 0


def test_s5_an_instance_that_leaves_while_another_comes_keeps_the_seat_for_nobody_else(
    world: World,
) -> None:
    world.alice.resize(1)
    lease = world.acquire("laptop", "editor")

    left, came, denied = world.apply(
        world.alice.release(lease.session_id, "editor"),
        world.alice.acquire("laptop", "renderer"),
        world.alice.acquire("desktop"),
    )

    assert left == Released()
    assert isinstance(came, Lease)
    assert (came.is_new, came.gen) == (True, lease.gen + 1)
    assert isinstance(denied, SeatsExhausted)
    assert world.inspect(came).instances == ("renderer",)


def test_a_heartbeat_beside_its_release_is_answered_and_the_seat_is_free(world: World) -> None:
    lease = world.acquire("laptop")

    released, renewed = world.apply(
        world.alice.release(lease.session_id), world.alice.heartbeat(lease.session_id)
    )

    assert released == Released()
    assert isinstance(renewed, Lease)
    with pytest.raises(LeaseLost, match="released"):
        world.heartbeat(lease)


def test_s17_no_batch_brings_more_instances_than_a_device_may_have(world: World) -> None:
    calls = [world.alice.acquire("laptop", f"instance-{n}") for n in range(MOST_INSTANCES + 2)]

    outcomes = world.apply(*calls)

    assert all(isinstance(outcome, Lease) for outcome in outcomes[:MOST_INSTANCES])
    assert [type(outcome) for outcome in outcomes[MOST_INSTANCES:]] == [TooManyInstances] * 2


def test_a_token_of_one_heartbeat_is_not_forgotten_by_the_next_of_its_batch(world: World) -> None:
    lease = world.acquire("laptop")
    world.pass_time(100)

    asked, after = leases(
        world.apply(
            world.alice.heartbeat(lease.session_id, wants_token=True),
            world.alice.heartbeat(lease.session_id),
        )
    )
    world.pass_time(100)  # past half the life of the first token, not of the second

    assert (asked.seq, after.seq) == (2, None)
    assert world.heartbeat(lease).seq is None
    assert world.acquire("laptop").seq == 3


def test_s5_a_share_taken_by_one_acquire_is_renewed_though_the_next_of_its_batch_has_none(
    world: World,
) -> None:
    lease = world.acquire("laptop")

    leases(world.apply(world.alice.acquire("laptop", "editor"), world.alice.acquire("laptop")))
    world.pass_time(200)
    world.heartbeat(lease)
    world.pass_time(200)  # past the end that the share had at first

    assert world.inspect(lease).instances == ("editor",)
