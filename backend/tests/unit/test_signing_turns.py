"""Turns at a signer: so many at a time, in order, and nobody waits in vain."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from threading import Event

import pytest

from signing.errors import SigningUnavailable
from signing.rules import MOST_WAITING_IN_TROUBLE_SECONDS
from signing.turns import Turns

PATIENCE_SECONDS = 20


class HandClock:
    """A clock that stands where it is put."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


class Work:
    """A piece of work that begins when it has a turn, and ends when it is told to."""

    def __init__(self) -> None:
        self.has_begun = Event()
        self.may_end = Event()
        self.fails = False

    def __call__(self) -> str:
        self.has_begun.set()
        assert self.may_end.wait(PATIENCE_SECONDS)
        if self.fails:
            raise SigningUnavailable("the signer hangs", retry_after_seconds=5)
        return "signed"


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as threads:
        yield threads


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def turns(pool: ThreadPoolExecutor, clock: HandClock) -> Turns:
    return Turns(pool, at_once=1, most=4, slow_seconds=0.4, clock=clock)


async def begun(work: Work) -> None:
    assert await asyncio.to_thread(work.has_begun.wait, PATIENCE_SECONDS)


async def queued(turns: Turns, *works: Callable[[], str]) -> list[asyncio.Task[str]]:
    """Let each take its place in the queue, in order."""
    tasks = [asyncio.create_task(turns.run(work)) for work in works]
    await asyncio.sleep(0)
    return tasks


def test_turns_come_in_order(turns: Turns) -> None:
    order: list[int] = []

    def note(number: int) -> str:
        order.append(number)
        return "signed"

    async def three() -> None:
        first = Work()
        running = await queued(turns, first)
        await begun(first)
        later = await queued(turns, partial(note, 2), partial(note, 3))
        assert order == []
        first.may_end.set()
        await asyncio.gather(*running, *later)

    asyncio.run(three())
    assert order == [2, 3]


def test_s17_no_more_than_most_are_here(turns: Turns) -> None:
    async def five() -> None:
        first = Work()
        tasks = await queued(turns, first, lambda: "", lambda: "", lambda: "")
        with pytest.raises(SigningUnavailable, match="too many"):
            await turns.run(lambda: "")
        first.may_end.set()
        await asyncio.gather(*tasks)
        assert await turns.run(lambda: "signed") == "signed"

    asyncio.run(five())


def test_who_waited_behind_a_turn_that_failed_is_refused_at_once(
    turns: Turns, clock: HandClock
) -> None:
    async def three() -> None:
        hanging, never = Work(), Work()
        (failing,) = await queued(turns, hanging)
        (early,) = await queued(turns, never)
        clock.seconds += 0.7
        (late,) = await queued(turns, lambda: "signed")
        clock.seconds += 0.1
        hanging.fails = True
        hanging.may_end.set()
        with pytest.raises(SigningUnavailable, match="hangs"):
            await failing
        with pytest.raises(SigningUnavailable, match="take long"):
            await early
        assert not never.has_begun.is_set()
        assert await late == "signed"

    asyncio.run(three())


def test_who_waits_behind_a_turn_that_hangs_is_refused_before_it_ends(
    pool: ThreadPoolExecutor,
) -> None:
    hurrying = count(100.0, 0.2).__next__  # whoever waits has waited for long at the next look
    turns = Turns(pool, at_once=1, most=4, slow_seconds=0.001, clock=hurrying)

    async def two() -> None:
        hanging = Work()
        (running,) = await queued(turns, hanging)
        (waiting,) = await queued(turns, lambda: "never")
        with pytest.raises(SigningUnavailable, match="take long"):
            await asyncio.wait_for(waiting, PATIENCE_SECONDS)
        assert not running.done()
        hanging.may_end.set()
        await running

    asyncio.run(two())


def test_one_turn_that_hangs_among_others_that_end_well_is_no_trouble(
    pool: ThreadPoolExecutor, clock: HandClock
) -> None:
    turns = Turns(pool, at_once=2, most=4, slow_seconds=0.001, clock=clock)

    async def five() -> None:
        hanging, next_ = Work(), Work()
        (stuck,) = await queued(turns, hanging)
        await begun(hanging)
        clock.seconds += 1
        assert await turns.run(lambda: "signed") == "signed"
        (running,) = await queued(turns, next_)
        await begun(next_)
        (waiting,) = await queued(turns, lambda: "signed")
        clock.seconds += 0.0005  # next_ is in time; the hanging one is looked after meanwhile
        await asyncio.wait([waiting], timeout=2 * MOST_WAITING_IN_TROUBLE_SECONDS)
        next_.may_end.set()
        assert await running == await waiting == "signed"
        hanging.may_end.set()
        await stuck

    asyncio.run(five())


def test_a_turn_that_takes_long_is_trouble_even_if_it_ends_well(
    turns: Turns, clock: HandClock
) -> None:
    async def two() -> None:
        slow = Work()
        (ending,) = await queued(turns, slow)
        (waiting,) = await queued(turns, lambda: "signed")
        clock.seconds += 0.4
        slow.may_end.set()
        assert await ending == "signed"
        with pytest.raises(SigningUnavailable):
            await waiting

    asyncio.run(two())


@pytest.mark.parametrize("fails", [False, True])
def test_a_turn_that_ends_late_or_badly_is_no_trouble_when_another_ended_well_meanwhile(
    pool: ThreadPoolExecutor, clock: HandClock, *, fails: bool
) -> None:
    turns = Turns(pool, at_once=2, most=4, slow_seconds=0.4, clock=clock)

    async def four() -> None:
        starved, next_ = Work(), Work()
        (ending,) = await queued(turns, starved)
        await begun(starved)
        clock.seconds += 0.1
        assert await turns.run(lambda: "signed") == "signed"
        (running,) = await queued(turns, next_)
        await begun(next_)
        (waiting,) = await queued(turns, lambda: "signed")
        clock.seconds += 0.35
        starved.fails = fails
        starved.may_end.set()
        await asyncio.wait([ending])
        assert (ending.exception() is not None) == fails
        assert await waiting == "signed"
        next_.may_end.set()
        assert await running == "signed"

    asyncio.run(four())


def test_while_signatures_come_in_time_waiting_lasts_as_long_as_it_takes(
    turns: Turns, clock: HandClock
) -> None:
    async def four() -> None:
        works = [Work() for _ in range(4)]
        tasks = await queued(turns, *works)
        for work in works:
            await begun(work)
            clock.seconds += 0.3
            work.may_end.set()
        assert await asyncio.gather(*tasks) == ["signed"] * 4

    asyncio.run(four())


def test_one_turn_that_ends_well_ends_the_trouble(turns: Turns, clock: HandClock) -> None:
    async def trouble_and_after() -> None:
        failing = Work()
        failing.fails = True
        failing.may_end.set()
        with pytest.raises(SigningUnavailable):
            await turns.run(failing)
        assert await turns.run(lambda: "signed") == "signed"
        works = [Work(), Work(), Work()]
        tasks = await queued(turns, *works)
        for work in works:
            await begun(work)
            clock.seconds += 0.3
            work.may_end.set()
        assert await asyncio.gather(*tasks) == ["signed"] * 3

    asyncio.run(trouble_and_after())


def test_who_gives_up_while_waiting_leaves_the_turn_to_the_next(turns: Turns) -> None:
    async def three() -> None:
        first, never = Work(), Work()
        (running,) = await queued(turns, first)
        gone, stays = await queued(turns, never, lambda: "signed")
        gone.cancel()
        first.may_end.set()
        assert await running == await stays == "signed"
        assert not never.has_begun.is_set()

    asyncio.run(three())


def test_who_gives_up_as_the_turn_comes_leaves_it_to_the_next(turns: Turns) -> None:
    async def three() -> None:
        first = Work()
        (running,) = await queued(turns, first)
        gone, stays = await queued(turns, lambda: "never", lambda: "signed")
        # The callback runs in the loop after the turn was passed on, before its taker wakes.
        running.add_done_callback(lambda _: gone.cancel())
        first.may_end.set()
        await asyncio.wait([running, gone])
        assert await stays == "signed"
        assert await turns.run(lambda: "signed") == "signed"

    asyncio.run(three())


def test_work_that_has_begun_keeps_its_turn_when_its_caller_gives_up(turns: Turns) -> None:
    async def two() -> None:
        abandoned, next_ = Work(), Work()
        (gone,) = await queued(turns, abandoned)
        await begun(abandoned)
        gone.cancel()
        await asyncio.wait([gone])
        (waiting,) = await queued(turns, next_)
        assert not next_.has_begun.is_set()
        next_.may_end.set()
        abandoned.may_end.set()
        assert await waiting == "signed"

    asyncio.run(two())
