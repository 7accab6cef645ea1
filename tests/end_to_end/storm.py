"""Heartbeats as fast as the server answers them, over many connections at once."""

import asyncio
import threading
from collections import Counter
from typing import Final, Self

_REPLY_SECONDS: Final = 10


class Storm:
    """Beats each session on a connection of its own from ``with`` to its end.

    ``statuses`` counts the answers; a connection that breaks counts as status 0.
    """

    def __init__(self, port: int, key: str, sessions: list[str]) -> None:
        self.statuses: Counter[int] = Counter()
        self._port = port
        self._requests = [_heartbeat(session, key) for session in sessions]
        self._is_over = False
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._run, name="storm", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._enough.wait(_REPLY_SECONDS), "the storm did not rise"
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over = True
        self._thread.join(2 * _REPLY_SECONDS)

    def _run(self) -> None:
        asyncio.run(self._beat_all())

    async def _beat_all(self) -> None:
        await asyncio.gather(*(self._beat(request) for request in self._requests))

    async def _beat(self, request: bytes) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        while not self._is_over:
            writer.write(request)
            try:
                status = await asyncio.wait_for(_status(reader), _REPLY_SECONDS)
            except (OSError, asyncio.IncompleteReadError, TimeoutError):
                self.statuses[0] += 1
                break
            self.statuses[status] += 1
            if self.statuses.total() > 500:
                self._enough.set()
        writer.close()


def _heartbeat(session: str, key: str) -> bytes:
    return (
        f"PATCH /api/v1/licenses/sessions/{session}/heartbeat/ HTTP/1.1\r\n"
        f"Host: 127.0.0.1\r\nAuthorization: License {key}\r\n\r\n"
    ).encode()


async def _status(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next(int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length"))
    await reader.readexactly(length)
    return int(head.split()[1])
