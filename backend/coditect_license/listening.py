"""The listening socket and the server loop of one process."""

import signal
import socket
from typing import Any, Final

import uvicorn

DRAIN_SECONDS: Final = 25
_BACKLOG: Final = 2_048


class PortBusy(Exception):
    """Somebody else listens on the address already, or it cannot be had."""


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
            http="httptools",
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
