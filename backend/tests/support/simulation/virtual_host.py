"""A host for the engine in virtual time: its writer is a greenlet, which blocks without a thread.

The engine's own code runs unchanged: where its thread would wait for calls, a lock or a disk, the
greenlet hands over to the event loop until the virtual time has come.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from queue import Empty
from random import Random
from typing import Generic, TypeVar

from greenlet import getcurrent, greenlet

from tests.support.simulation.virtual_loop import VirtualLoop

_Item = TypeVar("_Item")

LONGEST_WAKE_SECONDS = 0.001


class PowerCut(BaseException):
    """The process ends here and now; nothing may catch it."""


class VirtualHost:
    """One process. After a power cut ``on_power_cut`` is called, from the event loop."""

    def __init__(self, loop: VirtualLoop, random: Random, on_power_cut: Callable[[], None]) -> None:
        self._loop = loop
        self._random = random
        self._on_power_cut = on_power_cut
        self._writers: list[GreenWriter] = []

    def seconds(self) -> float:
        return self._loop.time()

    def queue(self) -> "GreenQueue[_Item]":
        return GreenQueue(self)

    def writer(self, run: Callable[[], None]) -> "GreenWriter":
        writer = GreenWriter(self._loop, run, self._on_power_cut)
        self._writers.append(writer)
        return writer

    def sleep(self, seconds: float, nap: "Nap | None" = None) -> None:
        """Block the writer that calls, at most until its nap is ended by somebody else."""
        nap = nap or Nap()
        self._loop.after(seconds, nap.end)
        nap.begin()

    def wake(self, nap: "Nap") -> None:
        """End a nap as soon as an operating system would."""
        self._loop.after(self._random.uniform(0, LONGEST_WAKE_SECONDS), nap.end)

    def kill(self) -> None:
        """End every writer where it stands."""
        for writer in self._writers:
            writer.kill()


class Nap:
    """One wait of a writer, which ends once."""

    def __init__(self) -> None:
        self._sleeper: greenlet = getcurrent()
        self._is_over = False

    def begin(self) -> None:
        assert self._sleeper.parent is not None, "only a writer may block"
        self._sleeper.parent.switch()

    def end(self) -> None:
        if not self._is_over and not self._sleeper.dead:
            self._is_over = True
            self._sleeper.switch()


class GreenQueue(Generic[_Item]):
    """Like ``queue.SimpleQueue``, between the event loop and one writer."""

    def __init__(self, host: VirtualHost) -> None:
        self._host = host
        self._items: deque[_Item] = deque()
        self._nap: Nap | None = None

    def put(self, item: _Item, /) -> None:
        self._items.append(item)
        if self._nap is not None:
            self._host.wake(self._nap)
            self._nap = None

    def get(self, *, timeout: float) -> _Item:
        if not self._items:
            self._nap = Nap()
            self._host.sleep(timeout, self._nap)
            self._nap = None
        return self.get_nowait()

    def get_nowait(self) -> _Item:
        if not self._items:
            raise Empty
        return self._items.popleft()


class GreenWriter:
    """Like a thread that the engine writes in."""

    def __init__(
        self, loop: VirtualLoop, run: Callable[[], None], on_power_cut: Callable[[], None]
    ) -> None:
        self._loop = loop
        self._run_to_end = run
        self._on_power_cut = on_power_cut
        self._greenlet = greenlet(self._run)
        self._ended: asyncio.Future[None] = loop.create_future()

    def start(self) -> None:
        self._loop.call_soon(self._greenlet.switch)

    def is_alive(self) -> bool:
        return bool(self._greenlet)

    async def ended(self) -> None:
        await self._ended

    def kill(self) -> None:
        self._greenlet.throw()

    def _run(self) -> None:
        try:
            self._run_to_end()
        except PowerCut:
            self._loop.call_soon(self._on_power_cut)
        self._ended.set_result(None)
