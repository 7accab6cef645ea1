"""An event loop in virtual time: when nothing is ready, time jumps to the next timer.

Callbacks run in the order in which asyncio promises to run them; what the real world may reorder
is reordered by the network's delays, which come from the seed. No thread, no clock, no selector.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import Context
from heapq import heappop, heappush
from typing import Any, TypeVarTuple

_Args = TypeVarTuple("_Args")
_Deed = tuple[Callable[..., object], tuple[Any, ...]]


class VirtualLoop(asyncio.AbstractEventLoop):
    """Seconds since the run began are ``time()``. What a callback raises ends the run."""

    def __init__(self) -> None:
        self._now = 0.0
        self._ready: deque[_Deed] = deque()
        self._timers: list[tuple[float, int, _Deed]] = []
        self._timers_made = 0
        self._running = False

    def run_forever(self) -> None:
        """Run callbacks, one after the other, until :meth:`stop` is called."""
        before = asyncio._get_running_loop()
        asyncio._set_running_loop(self)
        self._running = True
        try:
            while self._running:
                self._run_next()
        finally:
            asyncio._set_running_loop(before)

    def stop(self) -> None:
        """Run no callback after this one."""
        self._running = False

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Let blocking code run that refuses to block a running loop, as Django does."""
        before = asyncio._get_running_loop()
        asyncio._set_running_loop(None)
        try:
            yield
        finally:
            asyncio._set_running_loop(before)

    def run_until_complete(self, future: Any) -> Any:
        """Run a coroutine to its end and return what it returns."""
        task = asyncio.ensure_future(future, loop=self)
        task.add_done_callback(lambda _: self.stop())
        while not task.done():
            self.run_forever()
        return task.result()

    def after(self, seconds: float, callback: Callable[..., object], *args: Any) -> None:
        """Have a thing done later; it cannot be called off."""
        self._timers_made += 1
        heappush(self._timers, (self._now + seconds, self._timers_made, (callback, args)))

    async def nap(self, seconds: float) -> None:
        """Let virtual time pass for the task that waits; as asyncio.sleep, in fewer steps."""
        over: asyncio.Future[None] = asyncio.Future(loop=self)
        self.after(seconds, _end, over)
        await over

    def _run_next(self) -> None:
        if self._ready:
            callback, args = self._ready.popleft()
        else:
            self._now, _, (callback, args) = heappop(self._timers)
        callback(*args)

    # What asyncio asks of a loop.

    def time(self) -> float:
        return self._now

    def call_soon(
        self, callback: Callable[[*_Args], object], *args: *_Args, context: Context | None = None
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append((_run, (handle,)))
        return handle

    def call_soon_threadsafe(
        self,
        callback: Callable[[*_Args], object],
        *args: *_Args,
        context: Context | None = None,
    ) -> asyncio.Handle:
        return self.call_soon(callback, *args, context=context)

    def call_at(
        self,
        when: float,
        callback: Callable[[*_Args], object],
        *args: *_Args,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        self.after(when - self._now, _run, handle)
        return handle

    def call_later(
        self,
        delay: float,
        callback: Callable[[*_Args], object],
        *args: *_Args,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        return self.call_at(self._now + delay, callback, *args, context=context)

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(self, coro: Any, **options: Any) -> asyncio.Task[Any]:
        return asyncio.Task(coro, loop=self, **options)

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        raise context.get("exception") or RuntimeError(context["message"])

    def is_running(self) -> bool:
        return self._running

    def is_closed(self) -> bool:
        return False

    def get_debug(self) -> bool:
        return False

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Nothing to do: a handle that was called off is passed over when its time comes."""


def _end(over: "asyncio.Future[None]") -> None:
    if not over.done():
        over.set_result(None)


def _run(handle: asyncio.Handle) -> None:
    if not handle.cancelled():
        handle._run()
