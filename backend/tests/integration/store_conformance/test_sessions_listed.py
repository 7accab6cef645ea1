"""Who holds what, and who held what, as the control plane lists it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from leasing import queries
from leasing.errors import SessionUnknown, TooMuchHistory
from leasing.queries import Holding, SessionFilter
from leasing.store import Lease
from tenants.current import tenant_transaction
from tests.support.cast import invite
from tests.support.customer import Customer
from tests.support.world import World


def listed(
    world: World, *, most: int = 200, of: Customer | None = None, **wanted: Any
) -> list[str]:
    """Return the ids of all sessions wanted, turning pages."""
    return [str(one.session_id) for one in walked(world, most=most, of=of, **wanted)]


def walked(
    world: World,
    *,
    most: int = 200,
    most_looked_at: int = queries.MOST_LOOKED_AT,
    of: Customer | None = None,
    **wanted: Any,
) -> list[Holding]:
    found: list[Holding] = []
    after = None
    with tenant_transaction((of or world.alice).tenant.id):
        while True:
            page = queries.sessions(
                SessionFilter(**wanted),
                after=after,
                most=most,
                now=world.now,
                most_looked_at=most_looked_at,
            )
            assert len(page.sessions) <= most
            found += page.sessions
            after = page.next
            if after is None:
                return found


def some_sessions(world: World) -> dict[str, Lease]:
    """One released, one lapsed and not reaped, one reaped, two that run."""
    world.alice.resize(10)
    made = {}
    for name in ("released", "reaped"):
        made[name] = world.acquire(name)
        world.pass_time(1)
    world.release(made["released"])
    world.pass_time(400)
    assert world.store.reap(100) == 1
    made["lapsed"] = world.acquire("lapsed")
    world.pass_time(200)
    made["first"] = world.acquire("first")
    world.pass_time(200)
    made["second"] = world.acquire("second", "editor")
    return made


def names(made: dict[str, Lease], ids: list[str]) -> list[str]:
    by_id = {lease.session_id: name for name, lease in made.items()}
    return [by_id[one] for one in ids]


@pytest.mark.parametrize("most", [1, 2, 200])
def test_sessions_are_listed_latest_first_by_state(world: World, most: int) -> None:
    made = some_sessions(world)

    def found(**wanted: Any) -> list[str]:
        return names(made, listed(world, most=most, **wanted))

    assert found() == ["second", "first", "lapsed", "reaped", "released"]
    assert found(state="live") == ["second", "first"]
    assert found(state="ended") == ["lapsed", "reaped", "released"]
    assert found(device=made["first"].device) == ["first"]
    assert found(principal="user:alice", state="live") == ["second", "first"]
    assert found(principal="user:nobody") == []
    assert found(license_id=world.alice.license.id, state="ended")[0] == "lapsed"
    assert found(license_id=world.alice.tenant.id) == []
    since = made["lapsed"].now
    assert found(since=since) == ["second", "first", "lapsed"]
    assert found(until=since) == ["reaped", "released"]


def test_sessions_of_one_instant_are_each_on_one_page(world: World) -> None:
    world.alice.resize(10)
    world.apply(*[world.alice.acquire(f"laptop-{n}") for n in range(5)])

    found = listed(world, most=2)

    assert world.now.microsecond == 0
    assert len(found) == len(set(found)) == 5


def test_a_listed_session_says_how_it_stands(world: World) -> None:
    made = some_sessions(world)

    shown = {str(one.session_id): one for one in walked(world)}

    first, lapsed = shown[made["first"].session_id], shown[made["lapsed"].session_id]
    assert first == Holding(
        session_id=UUID(made["first"].session_id),
        license_id=world.alice.license.id,
        device=made["first"].device,
        principal="user:alice",
        started_at=made["first"].now,
        lease_expires_at=made["first"].lease_expires_at,
        borrowed_until=None,
        ended_at=None,
        end_reason=None,
    )
    assert (lapsed.ended_at, lapsed.end_reason) == (made["lapsed"].lease_expires_at, "expired")
    assert shown[made["released"].session_id].end_reason == "released"


def test_s11_no_session_of_another_tenant_is_listed_or_read(world: World) -> None:
    charlie = invite(world).charlie
    lease = world.acquire("laptop")

    assert listed(world, of=charlie) == []
    with tenant_transaction(charlie.tenant.id), pytest.raises(SessionUnknown):
        queries.session(UUID(lease.session_id), now=world.now)


def test_a_session_without_a_seat_is_live_until_its_token_ends(world: World) -> None:
    world.alice.resize(1)
    backup = world.back_up()
    lost = world.acquire("laptop")
    world.pass_time(60)
    world.restore(backup)
    world.acquire("desktop")
    world.come_back(lost)

    assert lost.session_id in listed(world, state="live")
    world.pass_time(400)
    assert lost.session_id in listed(world, state="ended")


def test_s17_a_page_looks_at_so_many_sessions_and_no_more(world: World) -> None:
    made = some_sessions(world)
    device = made["reaped"].device

    found = walked(world, device=device, most_looked_at=2)
    with tenant_transaction(world.alice.tenant.id):
        page = queries.sessions(
            SessionFilter(device=device), after=None, most=200, now=world.now, most_looked_at=2
        )

    assert [str(one.session_id) for one in found] == [made["reaped"].session_id]
    assert page.sessions == []
    assert page.next is not None


def test_history_has_every_session_of_a_time_and_none_else(
    make_world: Callable[..., World],
) -> None:
    world = make_world(seats=100, ttl_seconds=86_400)
    start = world.now + timedelta(seconds=100)
    live_through(
        world,
        (-100, -50),
        (-100, 0),
        (-100, 30),
        (-100, 200),
        (10, 20),
        (10, 200),
        (100, 200),
        (150, 200),
        (-100, None),
    )

    with tenant_transaction(world.alice.tenant.id):
        end = start + timedelta(seconds=100)
        found = queries.history(license_id=None, start=start, end=end)
        nobodys = queries.history(license_id=world.alice.tenant.id, start=start, end=end)

    lasted = sorted(
        ((one.start - start).total_seconds(), (one.end - start).total_seconds())
        for one in found.sessions
    )
    assert lasted == [(-100, 30), (-100, 86_300), (10, 20), (10, 200)]
    assert found.all_along == 1
    assert (nobodys.sessions, nobodys.all_along) == ([], 0)


def test_s17_history_that_is_too_long_is_refused(world: World) -> None:
    world.acquire("laptop")
    world.acquire("desktop")
    day = timedelta(days=1)

    with tenant_transaction(world.alice.tenant.id), pytest.raises(TooMuchHistory):
        queries.history(license_id=None, start=world.now - day, end=world.now + day, most=1)


def live_through(world: World, *lives: tuple[int, int | None]) -> None:
    """Have devices come and go at given seconds, of which -100 is now."""
    held: dict[int, Lease] = {}
    passed = -100
    for second in sorted({at for life in lives for at in life if at is not None}):
        world.pass_time(second - passed)
        passed = second
        for number, (begins, ends) in enumerate(lives):
            if begins == second:
                held[number] = world.acquire(f"device-{number}")
            if ends == second:
                world.release(held[number])
