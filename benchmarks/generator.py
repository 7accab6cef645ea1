"""The load generator: ``python -m benchmarks.generator``, a job as JSON in, an outcome as JSON out.

A process of its own that does as little as it can for each request, because it shares the cores
with the server: prebuilt bytes go out, and of an answer only status and length are read. Every
status is checked. One request is under way on a connection at a time.
"""

import asyncio
import gc
import sys
import time
from collections import deque
from collections.abc import Callable
from typing import Final, cast

import msgspec
import uvloop
from msgspec import Struct

from benchmarks.meter import Meter, Outcome
from benchmarks.scripts import Dialogue, Fresh, Monologue, Pairs, Repeat

_LENGTH: Final = b"content-length:"
_TICK_SECONDS: Final = 0.001
_MOST_DRAIN_LOOKS: Final = 250
_DRAIN_LOOK_SECONDS: Final = 0.02


class Job(Struct, frozen=True):
    """What to send, where to and how long.

    Without ``rate_per_second`` the loop is closed: each connection sends its next request when
    the answer to the last one is there. With it the loop is open: requests fall due at that
    rate whatever the server does, and latency counts from the instant a request was due.
    """

    port: int
    server_pid: int
    script: Repeat | Fresh | Pairs
    seconds: float
    connections: int = 48
    warm_up_seconds: float = 0.5
    rate_per_second: float | None = None


class Connection(asyncio.Protocol):
    """One keep-alive connection; ``answered`` is told when it may send again."""

    def __init__(
        self,
        lines: Monologue | Dialogue,
        meter: Meter,
        answered: "Callable[[Connection], None]",
    ) -> None:
        self._lines = lines
        self._meter = meter
        self._answered = answered
        self._transport: asyncio.Transport | None = None
        self._answer = b""
        self._due_at = 0.0
        self._expected = 0
        self._is_closed_by_us = False
        self.is_waiting = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport; uvloop's is a full one but derives from nothing that says so."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Note a connection that the server gave up."""
        if not self._is_closed_by_us:
            self._meter.fault(f"the server closed a connection: {error}")

    def ask(self, due_at: float) -> None:
        """Send the next request, due at an instant of ``perf_counter``."""
        request, self._expected = self._lines.after(self._answer)
        self._answer = b""
        self._due_at = due_at
        self.is_waiting = True
        if self._transport is not None:
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Take what came; when the answer is whole, check it and go on."""
        self._answer += data
        length = answer_length(self._answer)
        if not length or len(self._answer) < length:
            return
        self.is_waiting = False
        status = int(self._answer[9:12])
        if status != self._expected or len(self._answer) != length:
            self._meter.fault(f"expected {self._expected}, got {self._answer[:2000]!r}")
            self.close()
            return
        if self._meter.is_open:
            self._meter.answers[status] += 1
            self._meter.latencies.append(time.perf_counter() - self._due_at)
        self._answered(self)

    def close(self) -> None:
        """Close the connection."""
        self._is_closed_by_us = True
        if self._transport is not None:
            self._transport.close()


def answer_length(answer: bytes) -> int:
    """Return how many bytes an HTTP/1.1 answer has, 0 while its headers are not whole.

    Raises ValueError for a body without a length: this client knows no chunks.
    """
    head = answer.find(b"\r\n\r\n")
    if head < 0:
        return 0
    headers = answer[:head].lower()
    at = headers.find(_LENGTH)
    if at >= 0:
        return head + 4 + int(headers[at + len(_LENGTH) :].partition(b"\r\n")[0])
    if answer[9:12] != b"204":
        raise ValueError(f"an answer without a length: {answer[:200]!r}")
    return head + 4


class ClosedLoop:
    """Lets each connection send again as soon as it was answered."""

    def __init__(self) -> None:
        self._is_over = False

    def begin(self, connections: list[Connection]) -> None:
        """Let every connection send its first request."""
        for connection in connections:
            self.answered(connection)

    def answered(self, connection: Connection) -> None:
        """Go on with a connection."""
        if not self._is_over:
            connection.ask(time.perf_counter())

    def end(self) -> None:
        """Send nothing more."""
        self._is_over = True


class OpenLoop:
    """Sends at a fixed rate over whichever connection is free; what finds none waits its turn."""

    def __init__(self, rate_per_second: float, meter: Meter) -> None:
        self._step_seconds = 1 / rate_per_second
        self._meter = meter
        self._free: deque[Connection] = deque()
        self._due: deque[float] = deque()
        self._next_at = 0.0
        self._is_over = False

    def begin(self, connections: list[Connection]) -> None:
        """Start the schedule."""
        self._free.extend(connections)
        self._next_at = time.perf_counter()
        self._tick()

    def answered(self, connection: Connection) -> None:
        """Give a free connection the request that has waited longest, if any."""
        self._free.append(connection)
        self._send_due()

    def end(self) -> None:
        """Send nothing more."""
        self._is_over = True
        self._due.clear()

    def _tick(self) -> None:
        if self._is_over:
            return
        now = time.perf_counter()
        while self._next_at <= now:
            self._due.append(self._next_at)
            self._next_at += self._step_seconds
        self._send_due()
        asyncio.get_running_loop().call_later(_TICK_SECONDS, self._tick)

    def _send_due(self) -> None:
        while self._due and self._free:
            due_at = self._due.popleft()
            if self._meter.is_open:
                self._meter.lateness.append(time.perf_counter() - due_at)
            self._free.popleft().ask(due_at)


async def run(job: Job) -> Outcome:
    """Do a job and return its outcome."""
    meter = Meter(job.server_pid)
    loop = OpenLoop(job.rate_per_second, meter) if job.rate_per_second else ClosedLoop()
    connections = [await _connect(job, number, meter, loop) for number in range(job.connections)]
    loop.begin(connections)
    await asyncio.sleep(job.warm_up_seconds)
    meter.open()
    await asyncio.sleep(job.seconds)
    outcome = meter.close()
    loop.end()
    await _drain(connections, meter)
    return outcome


async def _connect(job: Job, number: int, meter: Meter, loop: ClosedLoop | OpenLoop) -> Connection:
    lines = job.script.lines(number, job.connections)
    _, connection = await asyncio.get_running_loop().create_connection(
        lambda: Connection(lines, meter, loop.answered), "127.0.0.1", job.port
    )
    return connection


async def _drain(connections: list[Connection], meter: Meter) -> None:
    """Wait for the answers under way, so that the server ends each round idle."""
    for _ in range(_MOST_DRAIN_LOOKS):
        if any(one.is_waiting for one in connections):
            await asyncio.sleep(_DRAIN_LOOK_SECONDS)
    for connection in connections:
        if connection.is_waiting:
            meter.fault("a request was not answered")
        connection.close()
    await asyncio.sleep(_TICK_SECONDS)


def main() -> None:
    """Read a job from standard input, do it, write the outcome to standard output."""
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    gc.disable()
    outcome = uvloop.run(run(job))
    sys.stdout.buffer.write(msgspec.json.encode(outcome))


if __name__ == "__main__":
    main()
