"""Batches: calls of many tenants in one commit, each with its own outcome."""

from collections.abc import Callable

import pytest

from leasing.errors import LeasingError, SessionUnknown
from leasing.store import Acquire, Call, Lease, Released, SessionState
from tests.support.cast import invite
from tests.support.customer import Customer
from tests.support.ledger import contradictions, live_seats
from tests.support.world import World

NUL_SESSION = "00000000-0000-0000-0000-\x00"
HALF = "\ud800"


def test_outcomes_come_in_the_order_of_the_calls(world: World) -> None:
    cast = invite(world)
    running = world.acquire("laptop")
    leaving = world.acquire("desktop")

    outcomes = world.apply(
        cast.bob.acquire("tablet"),
        cast.alice.heartbeat(running.session_id),
        cast.alice.release(leaving.session_id),
        cast.alice.inspect(running.session_id),
        cast.charlie.heartbeat(running.session_id),
        cast.alice.heartbeat(running.session_id),
    )

    assert [type(outcome) for outcome in outcomes] == [
        Lease,
        Lease,
        Released,
        SessionState,
        SessionUnknown,
        Lease,
    ]
    assert isinstance(outcomes[0], Lease)
    assert outcomes[0].terms.tenant_id == str(cast.bob.tenant.id)


def test_a_batch_without_calls_has_no_outcomes(world: World) -> None:
    assert world.apply() == []


def test_what_is_released_in_a_batch_is_free_for_the_next_call_of_it(world: World) -> None:
    world.alice.resize(1)
    lease = world.acquire("laptop")

    _, granted = world.apply(world.alice.release(lease.session_id), world.alice.acquire("desktop"))

    assert isinstance(granted, Lease)


Poison = Callable[[Customer], Call]

POISONS: dict[str, Poison] = {
    "metadata-no-json": lambda who: who.acquire("tablet", metadata_json="{"),
    "metadata-surrogate": lambda who: who.acquire("tablet", metadata_json=f'"{HALF}"'),
    "hardware-not-ascii": lambda who: who.acquire("täblet"),
    "hardware-surrogate": lambda who: who.acquire(HALF),
    "hardware-empty": lambda who: who.acquire(""),
    "instance-surrogate": lambda who: who.acquire("laptop", HALF),
    "key-surrogate": lambda who: Acquire(who.user, (HALF,), "tablet"),
    "heartbeat-nul": lambda who: who.heartbeat(NUL_SESSION),
    "heartbeat-surrogate": lambda who: who.heartbeat(HALF),
    "release-nul": lambda who: who.release(NUL_SESSION),
    "release-surrogate": lambda who: who.release(HALF),
    "inspect-nul": lambda who: who.inspect(NUL_SESSION),
    "inspect-huge": lambda who: who.inspect("9" * 100_000),
}


@pytest.mark.parametrize("poison", POISONS)
def test_s17_a_poisoned_call_does_not_fail_its_neighbours(world: World, poison: str) -> None:
    cast = invite(world)
    running = world.acquire("laptop")

    before, bad, renewed, after = world.apply(
        cast.alice.acquire("desktop"),
        POISONS[poison](cast.alice),
        cast.alice.heartbeat(running.session_id),
        cast.bob.acquire("laptop"),
    )

    assert isinstance(bad, LeasingError)
    for outcome in (before, renewed, after):
        assert isinstance(outcome, Lease)
    assert live_seats(cast.alice, world.now) == 2
    assert contradictions(cast.alice) == []
