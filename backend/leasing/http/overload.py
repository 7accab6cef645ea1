"""Overload: whom to turn away before anything of a call is read, so that heartbeats go on.

How full a process is has two signs, of which the worse counts: the share of the engine's queue that
is taken, and how late its event loop is. The loop counts as late by the least lateness of a while:
work that stands, and no spike (CoDel, RFC 8289). What is shed first is what can best wait:
docs/adr/0027.
"""

import asyncio
import contextlib
from collections.abc import Callable
from enum import Enum
from typing import Final

from foundation.clock import monotonic_seconds
from leasing.engine import OVERLOADED_RETRY_SECONDS
from leasing.errors import Overloaded

FULL_LATENESS_SECONDS: Final = 0.5
"""A loop that is late by as much is full: a call waits for three or four of its rounds."""

_TICK_SECONDS: Final = 0.05
_WHILE_SECONDS: Final = 0.25
_TICKS_OF_A_WHILE: Final = 3


class Kind(Enum):
    """A kind of call; its value is the fullness from which on it is turned away.

    The leasing plane's are those of the engine's queue.
    """

    RENEW = 1.0
    RELEASE = 0.85
    ACQUIRE = 0.7
    READ = 0.5
    CONTROL = 0.4
    EXPORT = 0.3


_FIRST_SHED: Final = min(kind.value for kind in Kind)


class Overload:
    """Knows how full this process is. For one event loop.

    ``queue_fullness`` tells which share of the engine's queue is taken, 0 to 1.
    """

    def __init__(
        self,
        queue_fullness: Callable[[], float],
        *,
        clock: Callable[[], float] = monotonic_seconds,
    ) -> None:
        self._queue_fullness = queue_fullness
        self._clock = clock
        self._while_began_at = clock()
        self._lateness_seconds: list[float] = []
        self._standing_seconds = 0.0
        self._watch: asyncio.Task[None] | None = None
        self.fullness = 0.0
        self.is_shedding = False
        """Whether any kind of call is turned away now; a call looks at this first."""

    def require_room(self, kind: Kind) -> None:
        """Raise Overloaded when calls of this kind are turned away now."""
        if self.fullness >= kind.value:
            raise Overloaded(OVERLOADED_RETRY_SECONDS)

    def note(self, lateness_seconds: float) -> None:
        """Note how late the event loop was just now."""
        self._lateness_seconds.append(lateness_seconds)
        now = self._clock()
        is_over = now - self._while_began_at >= _WHILE_SECONDS
        if is_over and len(self._lateness_seconds) >= _TICKS_OF_A_WHILE:
            self._standing_seconds = min(self._lateness_seconds)
            self._lateness_seconds.clear()
            self._while_began_at = now
        self.fullness = max(self._queue_fullness(), self._standing_seconds / FULL_LATENESS_SECONDS)
        self.is_shedding = self.fullness >= _FIRST_SHED

    async def start(self) -> None:
        """Begin to watch the event loop."""
        self._watch = asyncio.create_task(self._keep_watch())

    async def stop(self) -> None:
        """End the watch."""
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch

    async def _keep_watch(self) -> None:
        while True:
            due_at = self._clock() + _TICK_SECONDS
            await asyncio.sleep(_TICK_SECONDS)
            self.note(max(0.0, self._clock() - due_at))
