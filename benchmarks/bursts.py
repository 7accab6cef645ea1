"""Many requests at once: ``python -m benchmarks.bursts``, a job as JSON in, answers as JSON out.

All connections are open before the first byte is sent. In a burst each sends one request, all
within one turn of the event loop, and the next burst begins when the last answer of this one is
there. Unlike load.py it takes whatever status comes, because it asks what happens in trouble.
"""

import asyncio
import gc
import itertools
import sys
import time
from collections.abc import Iterator
from typing import Final, cast

import msgspec
import uvloop
from msgspec import Struct

from benchmarks.generator import answer_length
from benchmarks.scripts import Fresh, Repeat

_LONGEST_ANSWER_SECONDS: Final = 60


class BurstJob(Struct, frozen=True):
    """How many at once, and how long to begin further bursts: always one, ``most`` at the most."""

    port: int
    script: Repeat | Fresh
    at_once: int
    seconds: float
    most: int = 1_000_000


class Reply(Struct, frozen=True):
    """One answer: which burst it belongs to, its status, and how long it took."""

    burst: int
    status: int
    milliseconds: float


class _Connection(asyncio.Protocol):
    def __init__(self, requests: Iterator[bytes]) -> None:
        self._requests = requests
        self._transport: asyncio.Transport | None = None
        self._answer = b""
        self._begun_at = 0.0
        self._done: asyncio.Future[tuple[int, float]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self._done is not None and not self._done.done():
            self._done.set_exception(error or ConnectionError("the server closed a connection"))

    def ask(self) -> asyncio.Future[tuple[int, float]]:
        self._answer = b""
        self._done = asyncio.get_running_loop().create_future()
        self._begun_at = time.perf_counter()
        assert self._transport is not None
        self._transport.write(next(self._requests))
        return self._done

    def data_received(self, data: bytes) -> None:
        self._answer += data
        length = answer_length(self._answer)
        if self._done is None or not length or len(self._answer) < length:
            return
        self._done.set_result((int(self._answer[9:12]), time.perf_counter() - self._begun_at))


async def run(job: BurstJob) -> list[Reply]:
    """Do a job and return every answer."""
    connections = [await _connect(job, number) for number in range(job.at_once)]
    replies: list[Reply] = []
    give_up_at = time.perf_counter() + job.seconds
    for burst in itertools.count():
        asked = [connection.ask() for connection in connections]
        answers = await asyncio.wait_for(asyncio.gather(*asked), _LONGEST_ANSWER_SECONDS)
        replies += [Reply(burst, status, 1000 * seconds) for status, seconds in answers]
        if burst + 1 >= job.most or time.perf_counter() >= give_up_at:
            return replies
    raise AssertionError("counting has no end")


async def _connect(job: BurstJob, number: int) -> _Connection:
    lines = job.script.lines(number, job.at_once)
    requests = (lines.after(b"")[0] for _ in itertools.count())
    _, connection = await asyncio.get_running_loop().create_connection(
        lambda: _Connection(requests), "127.0.0.1", job.port
    )
    return connection


def main() -> None:
    """Read a job from standard input, do it, write the answers to standard output."""
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=BurstJob)
    gc.disable()
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(run(job))))


if __name__ == "__main__":
    main()
