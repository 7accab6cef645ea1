"""Calls at a fixed rate, whatever becomes of them, and what they came to in each slice of time."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

from benchmarks.figures import Row, figure, percentile
from benchmarks.once import ask_once

SLICE_SECONDS: Final = 0.5


class Call(Struct, frozen=True):
    """One call: when it was due since the beginning, its status, how long it took since then.

    Status 0: no answer, or none within ten seconds.
    """

    due_seconds: float
    status: int
    milliseconds: float


async def record(
    port: int, requests: Sequence[bytes], *, rate: float, seconds: float
) -> list[Call]:
    """Send requests at a rate, over a connection of its own each, and return all calls."""
    began_at = time.perf_counter()
    due = [number / rate for number in range(round(rate * seconds))]
    calls = [_call(port, requests[n % len(requests)], began_at, at) for n, at in enumerate(due)]
    return list(await asyncio.gather(*calls))


async def _call(port: int, request: bytes, began_at: float, due_seconds: float) -> Call:
    await asyncio.sleep(began_at + due_seconds - time.perf_counter())
    status, _ = await ask_once(port, request)
    took_seconds = time.perf_counter() - began_at - due_seconds
    return Call(due_seconds, status, 1_000 * took_seconds)


def rows(calls: Sequence[Call], seconds: float) -> Iterator[Row]:
    """Yield what became of the calls that were due in each slice."""
    for number in range(round(seconds / SLICE_SECONDS)):
        begin = number * SLICE_SECONDS
        due = [one for one in calls if begin <= one.due_seconds < begin + SLICE_SECONDS]
        times = sorted(one.milliseconds for one in due) or [0.0]
        good = sum(200 <= one.status < 300 for one in due)
        figures = [
            figure("answered well", "calls/s", [good / SLICE_SECONDS]),
            figure("refused", "calls/s", [sum(one.status >= 300 for one in due) / SLICE_SECONDS]),
            figure("no answer", "calls/s", [sum(not one.status for one in due) / SLICE_SECONDS]),
            figure("p50", "ms", [percentile(times, 0.5)]),
            figure("p99", "ms", [percentile(times, 0.99)]),
        ]
        yield Row(f"{begin:g} s", figures)
