"""Turns at a signer that blocks: so many at a time, in order, and nobody waits in vain."""

import asyncio
import math
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Generic, NamedTuple, TypeVar

from foundation.clock import monotonic_seconds
from signing.errors import SigningUnavailable
from signing.rules import MOST_WAITING_IN_TROUBLE_SECONDS, is_trouble, may_wait_on

_FULL_RETRY_SECONDS: Final = 2
_TROUBLE_RETRY_SECONDS: Final = 5

_T = TypeVar("_T")


class _Waiting(NamedTuple):
    since: float
    turn: asyncio.Future[None]


class Turns:
    """Runs blocking work in threads, ``at_once`` pieces at a time, ``most`` here in all (S17).

    A piece that fails, or takes ``slow_seconds``, whether it has ended or not, is a sign of trouble
    when no other ended well and in time since it began, and until one does. In trouble whoever has
    waited for a while is refused: under a signer that hangs, waits must not add up. For one event
    loop.
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
        self._ended_well_at = -math.inf
        self._waiting: deque[_Waiting] = deque()

    def waits_seconds(self) -> float:
        """Return how long the first in line has waited; 0 without a line."""
        return self._clock() - self._waiting[0].since if self._waiting else 0.0

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
        piece = _Piece(work, self._clock)
        loop = asyncio.get_running_loop()
        running = loop.run_in_executor(self._pool, piece)
        running.add_done_callback(lambda ended: self._ended(ended, piece))
        if math.isfinite(self._slow_seconds):
            loop.call_later(self._slow_seconds, self._look, piece, running)
        return running

    def _ended(self, ended: asyncio.Future[_T], piece: "_Piece[_T]") -> None:
        has_failed = ended.cancelled() or ended.exception() is not None
        if has_failed or piece.took_seconds >= self._slow_seconds:
            self._in_trouble |= is_trouble(piece.began_at, self._ended_well_at)
        else:
            self._in_trouble = False
            self._ended_well_at = max(self._ended_well_at, piece.began_at + piece.took_seconds)
        self._pass_on()

    def _look(self, piece: "_Piece[_T]", running: asyncio.Future[_T]) -> None:
        """Look now and then after a piece that takes long, whether all of them do."""
        if piece.has_ended or running.done():
            return
        runs_long = piece.began_at <= self._clock() - self._slow_seconds
        if runs_long and is_trouble(piece.began_at, self._ended_well_at):
            self._in_trouble = True
            self._refuse_in_vain()
        loop = asyncio.get_running_loop()
        loop.call_later(MOST_WAITING_IN_TROUBLE_SECONDS, self._look, piece, running)

    def _pass_on(self) -> None:
        """Give the turn to the first who has not waited in vain."""
        self._free += 1
        self._refuse_in_vain()
        while self._waiting and self._free:
            first = self._waiting.popleft()
            if not first.turn.done():  # else its caller gave up
                self._free -= 1
                first.turn.set_result(None)

    def _refuse_in_vain(self) -> None:
        now = self._clock()
        while self._waiting and not may_wait_on(
            now - self._waiting[0].since, in_trouble=self._in_trouble
        ):
            first = self._waiting.popleft()
            if not first.turn.done():
                refusal = _refusal("signatures fail or take long", _TROUBLE_RETRY_SECONDS)
                first.turn.set_exception(refusal)


class _Piece(Generic[_T]):
    """Work that times itself, in its thread: a busy event loop is no sign of trouble."""

    def __init__(self, work: Callable[[], _T], clock: Callable[[], float]) -> None:
        self._work = work
        self._clock = clock
        self.began_at = math.inf
        self.took_seconds = 0.0
        self.has_ended = False

    def __call__(self) -> _T:
        """Do the work."""
        self.began_at = self._clock()
        try:
            return self._work()
        finally:
            self.took_seconds = self._clock() - self.began_at
            self.has_ended = True


def _refusal(message: str, retry_after_seconds: int) -> SigningUnavailable:
    return SigningUnavailable(message, retry_after_seconds=retry_after_seconds)
