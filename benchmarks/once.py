"""One call over a connection of its own, as clients with minutes between their calls make it."""

import asyncio
from typing import Final

from benchmarks.generator import answer_length

NO_ANSWER: Final = 0
_PATIENCE_SECONDS: Final = 10.0


async def ask_once(port: int, request: bytes) -> tuple[int, bytes]:
    """Return status and body; status 0 when no answer came within ten seconds."""
    try:
        return await asyncio.wait_for(_ask(port, request), _PATIENCE_SECONDS)
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return NO_ANSWER, b""


async def _ask(port: int, request: bytes) -> tuple[int, bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(answer_length(head) - len(head))
        return int(head[9:12]), body
    finally:
        writer.close()
