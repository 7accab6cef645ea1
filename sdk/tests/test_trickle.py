"""A server that sends byte by byte for ever: no single read is late, and the answer never comes."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from coditect_license_sdk import AsyncLicenseClient, LicenseClient, ServerUnreachable
from coditect_license_sdk.testing import FakeLicenseServer

TIMEOUT_SECONDS = 0.3
HEAD = b"HTTP/1.1 200 OK\r\n"
PARTS = {
    "a header line": (HEAD, b"X: y\r\n"),
    "the status line": (b"HTTP/1.1 200 ", b"O"),
    "the body": (HEAD + b"Content-Length: 9999\r\n\r\n", b" "),
}


class Trickle:
    """Listens on loopback, and answers whoever comes with a beginning and then drops."""

    def __init__(self, beginning: bytes, drop: bytes) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._beginning = beginning
        self._drop = drop
        self._closed = threading.Event()
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._answer, daemon=True).start()

    def close(self) -> None:
        self._closed.set()
        self._listener.close()

    def _answer(self) -> None:
        with suppress(OSError):
            connection, _ = self._listener.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(self._beginning)
                while not self._closed.wait(0.02):
                    connection.sendall(self._drop)


@pytest.fixture(params=PARTS)
def trickle(request: pytest.FixtureRequest) -> Iterator[Trickle]:
    server = Trickle(*PARTS[request.param])
    yield server
    server.close()


def test_a_program_is_not_kept(trickle: Trickle, server: FakeLicenseServer, tmp_path: Path) -> None:
    client = LicenseClient(
        trickle.url,
        license_key="K",
        roots=server.roots,
        cache_dir=tmp_path,
        timeout_seconds=TIMEOUT_SECONDS,
    )
    began = time.monotonic()

    with pytest.raises(ServerUnreachable, match="too slowly"):
        client.acquire()

    assert time.monotonic() - began < 10 * TIMEOUT_SECONDS


def test_an_asyncio_program_is_not_kept(
    trickle: Trickle, server: FakeLicenseServer, tmp_path: Path
) -> None:
    async def acquire() -> None:
        client = AsyncLicenseClient(
            trickle.url,
            license_key="K",
            roots=server.roots,
            cache_dir=tmp_path,
            timeout_seconds=TIMEOUT_SECONDS,
        )
        with pytest.raises(ServerUnreachable, match="too slowly"):
            await client.acquire()

    asyncio.run(asyncio.wait_for(acquire(), 10 * TIMEOUT_SECONDS))
