"""The listening socket and the server loop of one process."""

import signal
import socket
from typing import Any, Final

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from coditect_license.problems import problem_of
from foundation.ids import new_request_id
from leasing.http.errors import FieldError, InvalidRequest
from leasing.http.messages import PROBLEM_JSON

DRAIN_SECONDS: Final = 25
_BACKLOG: Final = 2_048
_NOT_HTTP: Final = FieldError("", "malformed", "these bytes are no HTTP request")


class PortBusy(Exception):
    """Somebody else listens on the address already, or it cannot be had."""


class _Protocol(HttpToolsProtocol):
    """Refuses bytes that are no HTTP with a problem document, as everything else is refused."""

    def send_400_response(self, msg: str) -> None:
        """Answer 400 and close the connection; nothing of ``msg`` is shown."""
        del msg
        self.transport.write(_not_http())
        self.transport.close()


def _not_http() -> bytes:
    request_id = new_request_id()
    problem = problem_of(InvalidRequest(_NOT_HTTP), request_id)
    body = problem.body if problem else b""
    head = (
        "HTTP/1.1 400 Bad Request",
        f"content-type: {PROBLEM_JSON.decode()}",
        f"content-length: {len(body)}",
        "cache-control: no-store",
        "x-content-type-options: nosniff",
        f"x-request-id: {request_id}",
        "connection: close",
        "\r\n",
    )
    return "\r\n".join(head).encode("ascii") + body


def listen(host: str, port: int) -> socket.socket:
    """Return a socket bound to the address. Raises PortBusy."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host.strip("[]"), port))
        bound.listen(_BACKLOG)
    except OSError as error:
        bound.close()
        raise PortBusy(f"cannot listen on {host}:{port}: {error.strerror}") from error
    return bound


def serve(application: Any, bound: socket.socket) -> bool:
    """Serve an ASGI application until SIGINT or SIGTERM, then drain; return whether it began.

    Calls under way are finished within 25 s and what they changed is committed.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _already_draining)
    server = uvicorn.Server(
        uvicorn.Config(
            application,
            loop="uvloop",
            http=_Protocol,
            ws="none",
            lifespan="on",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            log_config=None,
            timeout_graceful_shutdown=DRAIN_SECONDS,
        )
    )
    try:
        server.run(sockets=[bound])
    except SystemExit:  # how the server says that its application did not start
        return False
    return server.started


def _already_draining(number: int, frame: object) -> None:
    """Let the server's own handlers decide; they hand the signal on when it has drained."""
