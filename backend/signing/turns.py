"""Turns at a signer that blocks: so many at a time, in order, and nobody waits in vain."""

import asyncio
import math
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple, TypeVar

from foundation.clock import monotonic_seconds
from signing.errors import SigningUnavailable
from signing.rules import may_wait_on

_FULL_RETRY_SECONDS: Final = 2
_TROUBLE_RETRY_SECONDS: Final = 5

_T = TypeVar("_T")


class _Waiting(NamedTuple):
    since: float
    turn: asyncio.Future[None]


class Turns:
    """Runs blocking work in threads, ``at_once`` pieces at a time, ``most`` here in all (S17).

    A piece that fails, or takes ``slow_seconds``, is a sign of trouble until one ends well and in
    time. In trouble whoever has waited for a while is refused when the next piece ends: under a
    signer that hangs, waits must not add up. For one event loop.
    """

    def __init__(
        self,
        pool: ThreadPoolExecutor,
        *,
        at_once: int,
        most: int,
        slow_seconds: float = math.inf,
        clock: Callable[[], float] = monotonic_seconds,
    ) -> None:
        self._pool = pool
        self._free = at_once
        self._most = most
        self._slow_seconds = slow_seconds
        self._clock = clock
        self._here = 0
        self._in_trouble = False
        self._waiting: deque[_Waiting] = deque()

    async def run(self, work: Callable[[], _T]) -> _T:
        """Return what the work returns, once it had its turn.

        Raises what it raises, and SigningUnavailable when too many are here or waiting is in vain.
        A caller who gives up leaves its place; work that has begun keeps its turn to its end.
        """
        if self._here >= self._most:
            raise _refusal("too many signatures wait", _FULL_RETRY_SECONDS)
        self._here += 1
        try:
            await self._turn()
            return await asyncio.shield(self._begun(work))
        finally:
            self._here -= 1

    async def _turn(self) -> None:
        if self._free and not self._waiting:
            self._free -= 1
            return
        mine = _Waiting(self._clock(), asyncio.get_running_loop().create_future())
        self._waiting.append(mine)
        try:
            await mine.turn
        except asyncio.CancelledError:
            if not mine.turn.cancelled() and mine.turn.exception() is None:
                self._pass_on()  # the turn came, and nobody is there to take it
            raise

    def _begun(self, work: Callable[[], _T]) -> asyncio.Future[_T]:
        began_at = self._clock()
        running = asyncio.get_running_loop().run_in_executor(self._pool, work)
        running.add_done_callback(lambda ended: self._ended(ended, began_at))
        return running

    def _ended(self, ended: asyncio.Future[_T], began_at: float) -> None:
        has_failed = ended.cancelled() or ended.exception() is not None
        self._in_trouble = has_failed or self._clock() - began_at >= self._slow_seconds
        self._pass_on()

    def _pass_on(self) -> None:
        """Refuse who waited in vain, and give the turn to the first of the others."""
        self._free += 1
        now = self._clock()
        while self._waiting and self._free:
            first = self._waiting.popleft()
            if first.turn.done():
                continue  # its caller gave up
            if may_wait_on(now - first.since, in_trouble=self._in_trouble):
                self._free -= 1
                first.turn.set_result(None)
            else:
                refusal = _refusal("signatures fail or take long", _TROUBLE_RETRY_SECONDS)
                first.turn.set_exception(refusal)


def _refusal(message: str, retry_after_seconds: int) -> SigningUnavailable:
    return SigningUnavailable(message, retry_after_seconds=retry_after_seconds)
