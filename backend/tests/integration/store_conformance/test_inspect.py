"""Reading a session: what is known of it, for whoever may know."""

import pytest

from leasing.errors import SessionUnknown
from leasing.store import SessionState
from tests.support.cast import invite
from tests.support.world import World


def test_a_running_session_tells_its_state(world: World) -> None:
    lease = world.acquire("laptop")

    assert world.inspect(lease) == SessionState(
        session_id=lease.session_id,
        license_id=str(world.alice.license.id),
        tier="pro",
        started_at=world.now,
        lease_expires_at=lease.lease_expires_at,
        ended_at=None,
        end_reason=None,
        instances=(),
    )


def test_a_released_session_ended_with_its_release(world: World) -> None:
    lease = world.acquire("laptop")
    world.pass_time(10)
    world.release(lease)
    released_at = world.now
    world.pass_time(10)

    state = world.inspect(lease)

    assert (state.ended_at, state.end_reason) == (released_at, "released")


@pytest.mark.parametrize("reaped", ["reaped", "not reaped"])
def test_a_lapsed_session_ended_with_its_lease_reaped_or_not(world: World, reaped: str) -> None:
    lease = world.acquire("laptop")
    world.pass_time(500)
    if reaped == "reaped":
        world.store.reap(1)

    state = world.inspect(lease)

    assert (state.ended_at, state.end_reason) == (lease.lease_expires_at, "expired")


def test_a_session_whose_seat_was_taken_over_says_so(world: World) -> None:
    world.alice.resize(1)
    lease = world.acquire("laptop")
    world.pass_time(500)
    world.acquire("desktop")

    state = world.inspect(lease)

    assert (state.ended_at, state.end_reason) == (lease.lease_expires_at, "taken_over")


def test_reading_changes_nothing(world: World) -> None:
    lease = world.acquire("laptop")
    world.pass_time(359)

    world.inspect(lease)
    world.pass_time(1)

    assert world.acquire("desktop").is_new
    assert world.inspect(lease).end_reason == "expired"


def test_s11_another_tenant_and_another_licenses_key_read_nothing(world: World) -> None:
    cast = invite(world)
    lease = world.acquire("laptop")

    for stranger in (cast.charlie.user, cast.bob.key_holder):
        with pytest.raises(SessionUnknown):
            world.ask(cast.alice.inspect(lease.session_id, caller=stranger), SessionState)
