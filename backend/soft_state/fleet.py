"""What the processes of an installation tell each other through Valkey, beside all requests."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from random import Random
from typing import Final

from msgspec import Struct

from foundation.clock import monotonic_seconds
from soft_state import counts
from soft_state.allowances import Allowances
from soft_state.errors import ValkeyUnavailable
from soft_state.notices import Board, Topic
from soft_state.valkey import Valkey

_log = logging.getLogger(__name__)

MOST_SHARED_AT_ONCE: Final = 500
"""Subjects of one command: about a millisecond of Valkey's only thread."""

_PROBE: Final = {"probe": 0.0}
"""Written to see whether Valkey can be written to."""

_SPREAD: Final = Random()  # noqa: S311  it spreads load, it guards nothing


class Pace(Struct, frozen=True):
    """How often processes share, how closely notices follow, how soon Valkey is tried again."""

    share_seconds: float = 0.1
    notice_seconds: float = 1.0
    shortest_pause_seconds: float = 0.25
    longest_pause_seconds: float = 2.0


_USUAL: Final = Pace()


class Fleet:
    """Shares allowances and hears notices for as long as it runs. No request ever waits for it.

    Made, started and stopped on one event loop. ``clock`` is that of the allowances.
    """

    def __init__(
        self,
        valkey: Valkey,
        allowances: Allowances,
        board: Board,
        *,
        pace: Pace = _USUAL,
        clock: Callable[[], float] = monotonic_seconds,
    ) -> None:
        self._valkey = valkey
        self._allowances = allowances
        self._board = board
        self._pace = pace
        self._clock = clock
        self._due: dict[Topic, asyncio.TimerHandle] = {}
        self._heard_at: dict[Topic, float] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._sharing = _Standing("shared limits", "each process counts alone", "limits")
        self._hearing = _Standing("notices", "what is remembered lives out its time", "notices")

    @property
    def is_up(self) -> bool:
        """Whether limits are shared and notices heard. For any thread."""
        return self._sharing.is_good is True and self._hearing.is_good is True

    async def start(self) -> None:
        """Begin, whether or not Valkey is there."""
        self._tasks = [
            asyncio.create_task(self._keep(self._share, self._sharing)),
            asyncio.create_task(self._keep(self._hear, self._hearing)),
        ]
        for task in self._tasks:
            task.add_done_callback(_report_end)

    async def stop(self) -> None:
        """End, and let go of Valkey."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        for timer in self._due.values():
            timer.cancel()
        await self._valkey.close()

    async def _keep(
        self, work: "Callable[[_Standing], Awaitable[None]]", standing: "_Standing"
    ) -> None:
        """Do work that ends only by failing; begin anew after a pause that grows."""
        while True:
            try:
                await work(standing)
            except ValkeyUnavailable as failure:
                standing.lost(failure)
            await asyncio.sleep(self._pause_seconds(standing.failures))

    async def _share(self, standing: "_Standing") -> None:
        while True:
            await asyncio.sleep(self._pace.share_seconds)
            used = self._allowances.drain(MOST_SHARED_AT_ONCE)
            if used or not standing.is_good:
                # What fails to arrive is forgotten: this process goes on counting it alone.
                debts = await self._valkey.add_debts(used or _PROBE)
                self._allowances.learn(debts, self._clock())
                standing.found()

    async def _hear(self, standing: "_Standing") -> None:
        async for topic in self._valkey.hear():
            standing.found()
            if topic is None:  # what was announced while nobody listened
                for missed in Topic:
                    self._note(missed)
            else:
                self._note(topic)

    def _note(self, topic: Topic) -> None:
        """Deliver at once, but each topic at most once in ``notice_seconds``, however many come."""
        if topic in self._due:
            return
        now = monotonic_seconds()
        next_at = self._heard_at.get(topic, -self._pace.notice_seconds) + self._pace.notice_seconds
        wait_seconds = max(next_at - now, 0.0)
        self._due[topic] = asyncio.get_running_loop().call_later(wait_seconds, self._deliver, topic)

    def _deliver(self, topic: Topic) -> None:
        del self._due[topic]
        self._heard_at[topic] = monotonic_seconds()
        self._board.deliver(topic)

    def _pause_seconds(self, failures: int) -> float:
        doubled = self._pace.shortest_pause_seconds * 2.0 ** min(failures - 1, 10)
        return min(doubled, self._pace.longest_pause_seconds) * _SPREAD.uniform(0.5, 1.0)


class _Standing:
    """Whether something works; it logs one line each time that changes."""

    def __init__(self, what: str, instead: str, use: str) -> None:
        self._what = what
        self._instead = instead
        self._count_error = counts.errors(use)
        self.failures = 0
        self.is_good: bool | None = None

    def found(self) -> None:
        if self.is_good is not True:
            _log.info("%s: Valkey is there", self._what)
        self.is_good, self.failures = True, 0

    def lost(self, failure: ValkeyUnavailable) -> None:
        if self.is_good is not False:
            _log.warning("%s: Valkey is away, so %s: %s", self._what, self._instead, failure)
        self._count_error()
        self.is_good = False
        self.failures += 1


def _report_end(task: asyncio.Task[None]) -> None:
    """Say at once what would otherwise show as limits that are not shared any more."""
    if not task.cancelled():
        _log.critical("soft state is not shared any more", exc_info=task.exception())
