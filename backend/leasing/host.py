"""What the engine runs on: a clock, a queue, and a thread that writes.

The simulation brings a host of its own, in virtual time (docs/simulation.md).
"""

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Final, Protocol, TypeVar

from foundation.clock import monotonic_seconds

_Item = TypeVar("_Item")


class Queue(Protocol[_Item]):
    """What carries calls to the writer, in order; like ``queue.SimpleQueue``, without a bound."""

    def put(self, item: _Item, /) -> None:
        """Add an item; never blocks."""
        ...

    def get(self, *, timeout: float) -> _Item:
        """Wait for an item, the writer alone. Raises queue.Empty after ``timeout`` seconds."""
        ...

    def get_nowait(self) -> _Item:
        """Return an item. Raises queue.Empty when there is none."""
        ...


class Writer(Protocol):
    """What runs beside the event loop and may block."""

    def start(self) -> None:
        """Begin to run."""
        ...

    def is_alive(self) -> bool:
        """Tell whether it runs."""
        ...

    async def ended(self) -> None:
        """Wait until it has run to its end."""
        ...


class Host(Protocol):
    """A machine to run on."""

    def seconds(self) -> float:
        """Return seconds on a clock that never jumps; only differences mean anything."""
        ...

    def queue(self) -> Queue[_Item]:
        """Return a new queue."""
        ...

    def writer(self, run: Callable[[], None]) -> Writer:
        """Return a writer that is not started yet."""
        ...


class _Thread(threading.Thread):
    async def ended(self) -> None:
        """Wait without blocking the event loop."""
        await asyncio.to_thread(self.join)


class _ThisMachine:
    """The machine that the process runs on; its writer is a daemon thread."""

    seconds = staticmethod(monotonic_seconds)

    def queue(self) -> Queue[_Item]:
        return SimpleQueue()

    def writer(self, run: Callable[[], None]) -> Writer:
        return _Thread(target=run, name="lease-writer", daemon=True)


HOST: Final[Host] = _ThisMachine()
