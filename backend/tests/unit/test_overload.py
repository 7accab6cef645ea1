"""Overload: what stands counts and no spike, and what can best wait is turned away first."""

import asyncio
import sys
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from coditect_license.crowding import Crowding, Line, ShortTurns, is_export
from coditect_license.refusals import FACTS
from foundation.request_facts import begin_request
from leasing.errors import Overloaded
from leasing.http.messages import Receive, Scope, Send
from leasing.http.overload import FULL_LATENESS_SECONDS, Kind, Overload
from tests.support.waiting import until

IN_ORDER = ["EXPORT", "CONTROL", "READ", "ACQUIRE", "RELEASE", "RENEW"]
A_WHILE_SECONDS = 1.0


class Hands:
    """A clock that a test turns."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def late_by(lateness_seconds: float, *, queue: Callable[[], float] = lambda: 0.0) -> Overload:
    """Return an overload whose loop has been late by so much for a while."""
    overload = Overload(queue, clock=(clock := Hands()))
    for _ in range(3):
        clock.now += A_WHILE_SECONDS
        overload.note(lateness_seconds)
    return overload


def shed(overload: Overload) -> list[str]:
    """Return the kinds of call that are turned away."""
    return [kind.name for kind in Kind if not has_room(overload, kind)]


def has_room(overload: Overload, kind: Kind) -> bool:
    try:
        overload.require_room(kind)
    except Overloaded:
        return False
    return True


def test_s17_the_fuller_the_more_kinds_are_turned_away_exports_first_and_heartbeats_last() -> None:
    thresholds = sorted(kind.value for kind in Kind)

    seen = [shed(late_by(share * FULL_LATENESS_SECONDS)) for share in (0.0, *thresholds)]

    assert [sorted(one) for one in seen] == [sorted(IN_ORDER[:n]) for n in range(7)]


def test_s17_a_full_queue_of_the_engine_counts_as_a_late_loop_does() -> None:
    fullness = 0.6
    overload = late_by(0.0, queue=lambda: fullness)

    assert sorted(shed(overload)) == ["CONTROL", "EXPORT", "READ"]
    fullness = 0.0
    overload.note(0.0)
    assert shed(overload) == []


def test_a_spike_turns_nobody_away() -> None:
    overload = Overload(lambda: 0.0, clock=(clock := Hands()))
    for lateness in (0.0, 30.0, 30.0, 0.001, 0.0, 30.0):
        clock.now += A_WHILE_SECONDS
        overload.note(lateness)

    assert not overload.is_shedding
    assert shed(overload) == []


def test_the_loop_is_watched_from_start_to_stop() -> None:
    async def scene() -> float:
        fullness = 0.0
        overload = Overload(lambda: fullness)
        await overload.start()
        fullness = 0.45
        await asyncio.to_thread(until, lambda: overload.is_shedding)
        await overload.stop()
        return overload.fullness

    assert asyncio.run(asyncio.wait_for(scene(), 30)) >= 0.45


def test_s17_so_many_are_inside_so_many_wait_in_order_and_nobody_else() -> None:
    order: list[int] = []

    async def scene() -> int:
        line = Line(at_once=2, most_waiting=3)
        door = asyncio.Event()

        async def visit(number: int) -> None:
            async with line.turn():
                order.append(number)
                await door.wait()

        visits = [asyncio.ensure_future(visit(number)) for number in range(5)]
        await asyncio.sleep(0)
        assert order == [0, 1]
        with pytest.raises(Overloaded):
            await visit(5)
        door.set()
        await asyncio.gather(*visits)
        await visit(6)
        return len(order)

    assert asyncio.run(scene()) == 6
    assert order == [0, 1, 2, 3, 4, 6]


class Control:
    """The control plane behind the line: counts what reaches it, and answers when let."""

    def __init__(self) -> None:
        self.reached: list[str] = []
        self.may_answer = asyncio.Event()

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        self.reached.append(scope["path"])
        await self.may_answer.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


async def status_of(crowding: Crowding, path: str) -> int:
    statuses = []

    async def send(message: Mapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    async def receive() -> dict[str, Any]:
        raise AssertionError("what is turned away is not read")

    facts = begin_request(None, None)
    scope = {"type": "http", "path": path, "method": "GET", "headers": [], FACTS: facts}
    await crowding(scope, receive, send)
    return int(statuses[0])


def test_s17_exports_are_turned_away_before_the_rest_of_the_control_plane() -> None:
    async def scene() -> None:
        control = Control()
        control.may_answer.set()
        crowding = Crowding(control, late_by(Kind.EXPORT.value * FULL_LATENESS_SECONDS))
        assert await status_of(crowding, "/api/v1/audit/export/") == 503
        assert await status_of(crowding, "/api/v1/licenses/") == 200
        crowding = Crowding(control, late_by(Kind.CONTROL.value * FULL_LATENESS_SECONDS))
        assert await status_of(crowding, "/api/v1/licenses/") == 503
        assert control.reached == ["/api/v1/licenses/"]

    asyncio.run(scene())


def test_s17_a_crowd_at_the_control_plane_is_answered_503_and_exports_leave_room_for_others() -> (
    None
):
    async def scene() -> None:
        control = Control()
        crowding = Crowding(
            control,
            late_by(0.0),
            calls=Line(at_once=2, most_waiting=1),
            exports=Line(at_once=1, most_waiting=0),
        )
        exports = asyncio.ensure_future(status_of(crowding, "/api/v1/usage/"))
        await asyncio.sleep(0)
        assert await status_of(crowding, "/api/v1/audit/export/") == 503
        others = [asyncio.ensure_future(status_of(crowding, "/api/v1/tiers/")) for _ in range(2)]
        await asyncio.sleep(0)
        assert await status_of(crowding, "/api/v1/tiers/") == 503
        assert control.reached == ["/api/v1/usage/", "/api/v1/tiers/"]
        control.may_answer.set()
        assert await asyncio.gather(exports, *others) == [200, 200, 200]

    asyncio.run(scene())


def test_an_export_is_what_may_be_as_long_as_a_history() -> None:
    assert is_export("/api/v1/audit/export/")
    assert is_export("/api/v1/usage/")
    assert not is_export("/api/v1/audit/events/")


def test_turns_are_short_while_anybody_is_at_the_control_plane_and_as_usual_again_after() -> None:
    async def scene() -> None:
        usual = sys.getswitchinterval()
        control = Control()
        crowding = Crowding(control, late_by(0.0))
        calls = [asyncio.ensure_future(status_of(crowding, "/api/v1/tiers/")) for _ in range(2)]
        await asyncio.sleep(0)
        assert sys.getswitchinterval() == pytest.approx(0.001)
        control.may_answer.set()
        assert await asyncio.gather(*calls) == [200, 200]
        assert sys.getswitchinterval() == pytest.approx(usual)

    asyncio.run(scene())


def test_turns_stay_short_until_the_last_has_gone() -> None:
    usual, turns = sys.getswitchinterval(), ShortTurns()
    with turns.taken():
        with turns.taken():
            pass
        assert sys.getswitchinterval() == pytest.approx(0.001)
    assert sys.getswitchinterval() == pytest.approx(usual)
