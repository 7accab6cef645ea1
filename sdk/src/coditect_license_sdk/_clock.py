"""The two clocks of a client, and the floor below which time cannot go.

A lease is counted on the boot clock, from the moment its request was sent: that clock runs through
suspend and nobody can set it. The wall clock is needed only for a cold start without a server, and
is then compared with the highest time a server has signed.
"""

import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    import asyncio

ROLLBACK_TOLERANCE_SECONDS: Final = 300  # honest clocks disagree by less
_SLICE_SECONDS: Final = 10.0  # how late a waiter may notice that the machine was suspended
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Clock(Protocol):
    """Where time comes from; `coditect_license_sdk.testing.ManualClock` is the other one."""

    def wall_seconds(self) -> float:
        """Seconds since the epoch, as the machine believes."""

    def boot_seconds(self) -> float:
        """Seconds on a clock that never steps and runs through suspend."""

    def boot_id(self) -> str | None:
        """What names this boot of the machine, or None where nothing does."""

    def wait(self, condition: threading.Condition, until: float) -> None:
        """Wait on a held condition, at most until that boot second; may return early."""

    async def wait_async(self, event: "asyncio.Event", until: float) -> None:
        """Wait for the event, at most until that boot second; may return early."""


class SystemClock:
    """The machine's own clocks."""

    def wall_seconds(self) -> float:
        """Read the wall clock."""
        return time.time()

    def boot_seconds(self) -> float:
        """Read the best clock there is that runs through suspend.

        Linux: CLOCK_BOOTTIME. macOS: CLOCK_MONOTONIC, which runs while asleep there. Elsewhere
        time.monotonic(), which on Windows counts sleep too.
        """
        if sys.platform == "linux":
            return time.clock_gettime(time.CLOCK_BOOTTIME)
        if sys.platform == "darwin":
            return time.clock_gettime(time.CLOCK_MONOTONIC)
        return time.monotonic()

    def boot_id(self) -> str | None:
        """Read Linux's boot id; other systems have none."""
        try:
            return _BOOT_ID.read_text("ascii").strip() or None
        except (OSError, ValueError):
            return None

    def wait(self, condition: threading.Condition, until: float) -> None:
        """Wait in slices: a condition does not count suspended time."""
        left = until - self.boot_seconds()
        if left > 0:
            condition.wait(min(left, _SLICE_SECONDS))

    async def wait_async(self, event: "asyncio.Event", until: float) -> None:
        """Wait in slices, without blocking the loop."""
        import asyncio

        left = until - self.boot_seconds()
        if left <= 0:
            return
        try:
            await asyncio.wait_for(event.wait(), min(left, _SLICE_SECONDS))
        except TimeoutError:
            return


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All clocks at one instant. `boot_id` tells whether boot seconds are comparable."""

    wall_seconds: float
    boot_seconds: float
    boot_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeFloor:
    """The last time a server signed in answer to a fresh nonce, and when that request was sent."""

    server_seconds: int
    boot_seconds: float
    boot_id: str | None

    def lowest_now(self, reading: Reading) -> float:
        """Give the earliest time it can be, in seconds since the epoch.

        Within one boot the elapsed time counts too; after a restart only the signed time is left.
        """
        if self.boot_id is None or self.boot_id != reading.boot_id:
            return float(self.server_seconds)
        return self.server_seconds + max(0.0, reading.boot_seconds - self.boot_seconds)

    def is_undercut(self, reading: Reading) -> bool:
        """Say whether the wall clock was turned back, beyond the tolerance."""
        return reading.wall_seconds < self.lowest_now(reading) - ROLLBACK_TOLERANCE_SECONDS


def read_clocks(clock: Clock) -> Reading:
    """Read all clocks of a machine at once."""
    return Reading(
        wall_seconds=clock.wall_seconds(),
        boot_seconds=clock.boot_seconds(),
        boot_id=clock.boot_id(),
    )
