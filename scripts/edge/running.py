"""An edge that runs: nginx as a child, and a server beside it where none answered."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from scripts.edge.configuration import write
from scripts.edge.packages import Packages
from scripts.edge.wishes import Wishes

_REPOSITORY: Final = Path(__file__).resolve().parents[2]
_START_SECONDS: Final = 60
_STOP_SECONDS: Final = 30
_ONE_HOP: Final = {"LICENSE_FORWARDED_HOPS": "1"}
"""The server believes this hop, and none before it, about the caller's address."""

Child = subprocess.Popen[bytes]


class Failed(Exception):
    """What was to be started did not start; the message says which and why."""


def run(wishes: Wishes, packages: Packages, started: ExitStack) -> None:
    """Start what is missing and stay until a child ends, which raises Failed."""
    if _takes_calls(wishes.listen):
        raise Failed(f"{wishes.listen} is taken: choose another EDGE_PORT")
    children = _server(wishes, started)
    nginx = _child(started, _nginx(wishes, packages), {})
    children.append(nginx)
    _wait(lambda: _takes_calls(wishes.listen), children, "nginx")
    _greet(wishes)
    while all(child.poll() is None for child in children):
        time.sleep(0.2)
    raise Failed("a program that was started has ended; what it said is above")


def _server(wishes: Wishes, started: ExitStack) -> list[Child]:
    health = f"http://{wishes.upstream}/health/live"
    if _answers(health):
        _say(f"joining the server at {wishes.upstream}; it needs LICENSE_FORWARDED_HOPS=1")
        return []
    port = wishes.upstream.rpartition(":")[2]
    command = [sys.executable, str(_REPOSITORY / "backend/manage.py"), "quickstart"]
    children = [_child(started, command, {"PORT": port, **_ONE_HOP})]
    _wait(lambda: _answers(health), children, "the server")
    return children


def _nginx(wishes: Wishes, packages: Packages) -> list[str]:
    configuration = write(wishes, packages)
    folder = ["-p", str(wishes.folder), "-c", str(configuration)]
    return [packages.nginx, "-e", "stderr", *folder, "-g", "daemon off;"]


def _greet(wishes: Wishes) -> None:
    _say(f"\nThe edge listens on https://{wishes.listen} in front of http://{wishes.upstream}")
    _say(f"TLS {wishes.tls} and later; rules against attacks: {wishes.waf}")
    _say(f"{wishes.calls} calls a minute of one address; logs in {wishes.logs}")
    _say(f"Try: curl --cacert {wishes.certificate} https://{wishes.listen}/health/")
    _say("Ctrl-C ends what was started here.")


def _child(started: ExitStack, command: list[str], more: Mapping[str, str]) -> Child:
    """Start a program in a session of its own, so that Ctrl-C reaches it from here alone."""
    environment = {**os.environ, **more}
    child = subprocess.Popen(command, env=environment, start_new_session=True)  # noqa: S603  ours
    started.callback(_end, child)
    return child


def _end(child: Child) -> None:
    if child.poll() is None:
        child.terminate()
    try:
        child.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _wait(is_there: Callable[[], bool], children: list[Child], what: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not is_there():
        if any(child.poll() is not None for child in children):
            raise Failed(f"{what} did not start; what it said is above")
        if time.monotonic() > deadline:
            raise Failed(f"{what} did not answer within {_START_SECONDS} s")
        time.sleep(0.05)


def _takes_calls(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=5).close()
    except OSError:
        return False
    return True


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310  our own loopback
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
