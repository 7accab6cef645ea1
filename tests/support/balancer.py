"""A balancer in front of servers of a test: it honours readiness, and never tries a call twice.

As a cluster's does, it learns by probing who is ready, hands each request to the next of them, and
keeps connections to them as long as they let it. A call that breaks is answered 502.
"""

import asyncio
import threading
from collections import Counter
from collections.abc import Sequence
from itertools import count
from typing import Final, Self

from tests.support.waiting import until

_PROBE: Final = b"GET /health/ready HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n"
_PROBE_SECONDS: Final = 0.1
_PATIENCE_SECONDS: Final = 30
_BROKEN: Final = b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n"
_Upstream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Balancer:
    """Listens on ``port`` from ``with`` to its end, in front of servers on ports of 127.0.0.1.

    ``ready`` are the ports that answered the last probe; ``served`` counts answers by port, and
    ``broken`` says what became of calls that got none.
    """

    def __init__(self, ports: Sequence[int]) -> None:
        self.port = 0
        self.ready: set[int] = set()
        self.served: Counter[int] = Counter()
        self.broken: list[str] = []
        self._ports = list(ports)
        self._turn = count()
        self._idle: dict[int, list[_Upstream]] = {port: [] for port in ports}
        self._over: asyncio.Event
        self._loop: asyncio.AbstractEventLoop
        self._thread = threading.Thread(target=self._run, name="balancer", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        until(lambda: self.ready == set(self._ports), seconds=_PATIENCE_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(_PATIENCE_SECONDS)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        probes = [asyncio.ensure_future(self._probe(port)) for port in self._ports]
        await self._over.wait()
        server.close()
        for probe in probes:
            probe.cancel()
        for _, writer in (one for idle in self._idle.values() for one in idle):
            writer.close()

    async def _probe(self, port: int) -> None:
        while True:
            (self.ready.add if await _is_ready(port) else self.ready.discard)(port)
            await asyncio.sleep(_PROBE_SECONDS)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                request, _ = await _message(reader)
                writer.write(await self._answer(request))
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):  # the client has gone
            writer.close()

    async def _answer(self, request: bytes) -> bytes:
        among = sorted(self.ready) or self._ports
        port = among[next(self._turn) % len(among)]
        try:
            upstream = await self._upstream(port)
            upstream[1].write(request)
            answer, is_last = await asyncio.wait_for(_message(upstream[0]), _PATIENCE_SECONDS)
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
            self.broken.append(f"{port} ({self.ready} ready): {error!r} to {request[:90]!r}")
            return _BROKEN
        self.served[port] += 1
        self._keep(port, upstream, is_last=is_last)
        return answer

    async def _upstream(self, port: int) -> _Upstream:
        while self._idle[port]:
            reader, writer = self._idle[port].pop()
            if not reader.at_eof():
                return reader, writer
            writer.close()
        return await asyncio.open_connection("127.0.0.1", port)

    def _keep(self, port: int, upstream: _Upstream, *, is_last: bool) -> None:
        if is_last:
            upstream[1].close()
        else:
            self._idle[port].append(upstream)


async def _is_ready(port: int) -> bool:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(_PROBE)
        answer, _ = await asyncio.wait_for(_message(reader), _PATIENCE_SECONDS)
        writer.close()
    except (OSError, asyncio.IncompleteReadError, TimeoutError):
        return False
    return answer.startswith(b"HTTP/1.1 200")


async def _message(reader: asyncio.StreamReader) -> tuple[bytes, bool]:
    """Return a whole request or answer, and whether it is the last of its connection."""
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    lengths = [int(line[15:]) for line in lines if line.startswith(b"content-length:")]
    body = await reader.readexactly(lengths[0]) if lengths else b""
    return _without_close(head) + body, b"connection: close" in lines


def _without_close(head: bytes) -> bytes:
    """Return a head that says nothing about the connection it came over."""
    lines = head.split(b"\r\n")
    return b"\r\n".join(one for one in lines if not one.lower().startswith(b"connection:"))
