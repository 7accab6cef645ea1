"""A clock that stands still until a test moves it."""

import asyncio
import threading
from typing import Final

_REAL_LIMIT_SECONDS: Final = 30.0  # a test that waits longer than this in real time is broken


class ManualClock:
    """Both clocks of a machine, moved by hand. Waiters wake when time reaches them.

    Serves as `clock=` of clients and of FakeLicenseServer. Starts at a fixed time (2027-01-15).
    """

    def __init__(self, *, wall_seconds: float = 1_800_000_000.0) -> None:
        self._wall_seconds = wall_seconds
        self._boot_seconds = 1_000.0
        self._boot_id = "boot-1"
        self._changed = threading.Condition()
        self._parked: dict[int, float] = {}
        self._conditions: dict[int, threading.Condition] = {}
        self._sleepers: dict[int, asyncio.Future[None]] = {}

    def wall_seconds(self) -> float:
        """Read the wall clock, in seconds since the epoch."""
        return self._wall_seconds

    def boot_seconds(self) -> float:
        """Read the clock that cannot be set."""
        return self._boot_seconds

    def boot_id(self) -> str | None:
        """Name this boot."""
        return self._boot_id

    def advance(self, seconds: float) -> None:
        """Let time pass on both clocks and wake whoever waits."""
        self._wall_seconds += seconds
        self._boot_seconds += seconds
        self._wake()

    def set_wall(self, seconds: float) -> None:
        """Set the wall clock, as a user may."""
        self._wall_seconds = seconds

    def reboot(self) -> None:
        """Begin a new boot: boot seconds from the start say nothing any more."""
        self._boot_id += "+"
        self._boot_seconds = 10.0

    def settle(self, *, waiters: int = 1) -> None:
        """Block until so many waiters sleep towards a later time.

        Then everything due by now was done. Raises TimeoutError after 30 real seconds.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._asleep() >= waiters, _REAL_LIMIT_SECONDS):
                raise TimeoutError(f"fewer than {waiters} waiters went to sleep")

    def wait(self, condition: threading.Condition, until: float) -> None:
        """Wait on a held condition until notified or time is moved."""
        self._park(id(condition), until)
        self._conditions[id(condition)] = condition
        try:
            if self._boot_seconds < until:
                condition.wait(_REAL_LIMIT_SECONDS)
        finally:
            self._unpark(id(condition))

    async def wait_async(self, event: asyncio.Event, until: float) -> None:
        """Wait until the event is set or time is moved."""
        moved = asyncio.get_running_loop().create_future()
        self._sleepers[id(moved)] = moved
        told = asyncio.ensure_future(event.wait())
        self._park(id(moved), until)
        try:
            if self._boot_seconds < until:
                await asyncio.wait({moved, told}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            told.cancel()
            moved.cancel()
            self._unpark(id(moved))

    def _wake(self) -> None:
        for condition in list(self._conditions.values()):
            with condition:
                condition.notify_all()
        for sleeper in list(self._sleepers.values()):
            sleeper.get_loop().call_soon_threadsafe(_finish, sleeper)

    def _asleep(self) -> int:
        return sum(until > self._boot_seconds for until in self._parked.values())

    def _park(self, waiter: int, until: float) -> None:
        with self._changed:
            self._parked[waiter] = until
            self._changed.notify_all()

    def _unpark(self, waiter: int) -> None:
        with self._changed:
            self._parked.pop(waiter, None)
            self._conditions.pop(waiter, None)
            self._sleepers.pop(waiter, None)


def _finish(sleeper: asyncio.Future[None]) -> None:
    if not sleeper.done():
        sleeper.set_result(None)
