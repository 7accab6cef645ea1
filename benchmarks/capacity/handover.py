"""Seats of a full license that go from one server to the other."""

import itertools
import socket
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Final

from benchmarks import calls
from benchmarks.capacity.prepared import SCARCE_SEATS, Site
from benchmarks.generator import answer_length
from benchmarks.scripts import SESSION, session_of
from benchmarks.server import MeasurementFailed, RunningServer

_ANSWER_SECONDS: Final = 30
_REST_SECONDS: Final = 0.01
_TOKEN_ONLY: Final[dict[str, object]] = {"proofs": ["license_token"]}


class Handovers:
    """A license whose every seat is held; ``waits_ms`` are the handovers measured so far.

    In turns a server gives a seat back, and the other is asked for it until it grants one.
    """

    def __init__(self, site: Site, servers: Sequence[RunningServer]) -> None:
        self._ledger = site.ledger.for_clients
        self._key = site.ledger.scarce.key
        self._release = calls.release(self._ledger)
        self._ports = [server.port for server in servers]
        self._numbers = itertools.count()
        self._held: list[bytes] = []
        self.waits_ms: list[float] = []

    def go_on(self, over: threading.Event) -> None:
        """Hand seats over until told to stop. Raises MeasurementFailed for a wrong answer."""
        with ExitStack() as stack:
            connections = [
                stack.enter_context(socket.create_connection(("127.0.0.1", port), _ANSWER_SECONDS))
                for port in self._ports
            ]
            while len(self._held) < SCARCE_SEATS:
                self._held.append(self._granted(connections[0]))
            while not over.wait(_REST_SECONDS):
                self._hand_over(*connections)
                connections.reverse()

    def _hand_over(self, giver: socket.socket, taker: socket.socket) -> None:
        released = _ask(giver, self._release.replace(SESSION, self._held.pop(0)))
        if not released.startswith(b"HTTP/1.1 204"):
            raise MeasurementFailed(f"not released: {released[:500]!r}")
        answered_at = time.perf_counter()
        self._held.append(self._granted(taker))
        self.waits_ms.append(1000 * (time.perf_counter() - answered_at))

    def _granted(self, connection: socket.socket) -> bytes:
        device = f"handed-over-{next(self._numbers)}"
        request = calls.acquire(self._ledger, self._key, device, _TOKEN_ONLY)
        while not (answer := _ask(connection, request)).startswith(b"HTTP/1.1 201"):
            if not answer.startswith(b"HTTP/1.1 4"):
                raise MeasurementFailed(f"not granted: {answer[:500]!r}")
        return session_of(answer)


def _ask(connection: socket.socket, request: bytes) -> bytes:
    connection.sendall(request)
    answer = b""
    while not (length := answer_length(answer)) or len(answer) < length:
        chunk = connection.recv(65_536)
        if not chunk:
            raise MeasurementFailed("the server closed a connection")
        answer += chunk
    return answer
