"""The health check against real sockets."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import pytest
from deploy.image.dockerfile import REPOSITORY

from tests.support.ports import free_port

ALIVE: Final = REPOSITORY / "scripts/image/alive.py"


@contextmanager
def answering(status: int) -> Iterator[int]:
    """Serve one status on a port of loopback, for the path of the check alone."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/health/live" else 404)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def check(port: int) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-I", str(ALIVE)],
        env={"PORT": str(port)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_server_that_lives_is_healthy() -> None:
    with answering(200) as port:
        assert (check(port).returncode, check(port).stderr) == (0, "")


@pytest.mark.parametrize("status", [301, 401, 503])
def test_any_other_answer_is_not(status: int) -> None:
    with answering(status) as port:
        ended = check(port)

    assert (ended.returncode, ended.stderr) == (1, f"port {port} answered {status}\n")


def test_no_server_is_not() -> None:
    ended = check(free_port())

    assert ended.returncode == 1
    assert ended.stderr.startswith("no answer on port")
