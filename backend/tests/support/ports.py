"""Ports for servers of tests, also of tests that run beside each other.

The kernel gives a port that was free a moment ago to whoever asks next. So these are none that it
gives by itself, and each belongs to one process until that ends: it locks a byte of a file.
"""

import fcntl
import os
import random
import socket
import tempfile
from functools import cache
from pathlib import Path
from typing import Final

_PORTS: Final = range(10_000, 32_000)
_TRIES: Final = 1_000
_given: Final[set[int]] = set()


def free_port() -> int:
    """Return a port of 127.0.0.1 on which nobody listens now."""
    for port in random.sample(_PORTS, _TRIES):
        if port not in _given and _is_ours(port) and _is_silent(port):
            _given.add(port)
            return port
    raise AssertionError("no free port was found")


def _is_ours(port: int) -> bool:
    try:
        fcntl.lockf(_file(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError:
        return False
    return True


@cache
def _file() -> int:
    path = Path(tempfile.gettempdir()) / f"license-test-ports-{os.getuid()}"
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)


def _is_silent(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True
