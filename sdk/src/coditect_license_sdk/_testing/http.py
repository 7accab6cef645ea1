"""The fake's sockets: a threading HTTP server on loopback that applies the script of faults."""

import contextlib
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Protocol
from urllib.parse import parse_qsl, urlsplit

from coditect_license_sdk._testing.desk import Reply, Request
from coditect_license_sdk._wire import Deed

_GATE_LIMIT_SECONDS: Final = 60.0  # nobody holds a request longer in real time


class Answering(Protocol):
    """What stands behind the sockets."""

    def handle(self, request: Request) -> Reply | None:
        """Answer, or give None to hang up."""


class Listener(ThreadingHTTPServer):
    """Listens on a loopback port and remembers its connections, so that stopping cuts them."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def __init__(self, port: int, behind: Answering) -> None:
        super().__init__(("127.0.0.1", port), _Connection)
        self.behind = behind
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    def opened(self, connection: socket.socket) -> None:
        """Remember a connection."""
        with self._lock:
            self._open.add(connection)

    def closed(self, connection: socket.socket) -> None:
        """Forget a connection."""
        with self._lock:
            self._open.discard(connection)

    def cut(self) -> None:
        """Stop listening and hang up on everybody."""
        self.shutdown()
        self.server_close()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Be silent: a client that hangs up is part of the game."""


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Listener

    def setup(self) -> None:
        super().setup()
        self.server.opened(self.connection)

    def finish(self) -> None:
        self.server.closed(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class's name
        """Keep test output clean."""

    def _respond(self) -> None:
        reply = self.server.behind.handle(self._request())
        if reply is None:
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
            return
        payload = reply.payload()
        self.send_response(reply.status)
        for name, value in {"Content-Type": "application/json", **reply.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    do_GET = do_POST = do_PATCH = do_DELETE = _respond  # noqa: N815  names the base class looks up

    def _request(self) -> Request:
        parts = urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        return Request(
            deed=deed_of(self.command, parts.path),
            method=self.command,
            path=parts.path,
            query=dict(parse_qsl(parts.query)),
            body=_object(raw),
            authorization=self.headers.get("Authorization"),
        )


def deed_of(method: str, path: str) -> Deed | None:
    """Name what a request asks, by method and path."""
    words = [word for word in path.split("/") if word]
    if words == ["health"]:
        return Deed.HEALTH
    if words[:3] != ["api", "v1", "licenses"]:
        return None
    return {
        ("POST", "acquire", 4): Deed.ACQUIRE,
        ("GET", "keys", 4): Deed.KEYS,
        ("PATCH", "sessions", 6): Deed.HEARTBEAT,
        ("DELETE", "sessions", 5): Deed.RELEASE,
    }.get((method, words[3] if len(words) > 3 else "", len(words)))


def wait_at(gate: threading.Event | None) -> None:
    """Hold a request until the gate opens, a minute at most."""
    if gate is not None:
        gate.wait(_GATE_LIMIT_SECONDS)


def _object(raw: bytes) -> dict[str, Any]:
    try:
        document = json.loads(raw)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
