"""What the load generator counts while a window is open, and the clocks at both ends of it."""

import os
import time
from array import array
from collections import Counter
from typing import Final

from msgspec import Struct

from benchmarks.machine import busy_seconds, process_seconds

_MOST_FAULTS: Final = 5


class Outcome(Struct, frozen=True):
    """What happened between the end of the warm-up and the end."""

    seconds: float
    answers: dict[int, int]
    latencies_ms: list[float]
    lateness_ms: float
    server_seconds: float
    generator_seconds: float
    busy_seconds: float
    faults: list[str]


class Meter:
    """Counts what happens in the window that is measured, and every fault at any time."""

    def __init__(self, server_pid: int) -> None:
        self._server_pid = server_pid
        self._clocks = self._read_clocks()
        self.answers: Counter[int] = Counter()
        self.latencies = array("d")
        self.lateness = array("d")
        self.faults: list[str] = []
        self.is_open = False

    def open(self) -> None:
        """Begin the window."""
        self._clocks = self._read_clocks()
        self.is_open = True

    def close(self) -> Outcome:
        """End the window and return what happened in it."""
        clocks = self._read_clocks()
        self.is_open = False
        seconds, server, generator, busy = (
            now - then for now, then in zip(clocks, self._clocks, strict=True)
        )
        return Outcome(
            seconds=seconds,
            answers=dict(self.answers),
            latencies_ms=[round(1000 * latency, 3) for latency in sorted(self.latencies)],
            lateness_ms=round(1000 * _middle(self.lateness), 3),
            server_seconds=server,
            generator_seconds=generator,
            busy_seconds=busy,
            faults=self.faults,
        )

    def fault(self, text: str) -> None:
        """Note something that must not happen."""
        if len(self.faults) < _MOST_FAULTS:
            self.faults.append(text)

    def _read_clocks(self) -> tuple[float, float, float, float]:
        return (
            time.perf_counter(),
            process_seconds(self._server_pid),
            process_seconds(os.getpid()),
            busy_seconds(),
        )


def _middle(values: "array[float]") -> float:
    return sorted(values)[len(values) // 2] if values else 0.0
