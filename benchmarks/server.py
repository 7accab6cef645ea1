"""A real server process over a copy of the prepared data folder, for one question."""

import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import msgspec
from msgspec import Struct

from benchmarks import calls
from benchmarks.bursts import BurstJob, Reply
from benchmarks.generator import Job, answer_length
from benchmarks.machine import REPOSITORY
from benchmarks.meter import Outcome
from benchmarks.prepared import Ledger, server_environment

SETTINGS: Final = "coditect_license.settings"
_NONE: Final[Mapping[str, str]] = MappingProxyType({})
_START_SECONDS: Final = 20
_STOP_SECONDS: Final = 40
_LOOK_SECONDS: Final = 0.05
_LOAD_GRACE_SECONDS: Final = 60
_ANSWER_SECONDS: Final = 30


class MeasurementFailed(Exception):
    """A server that did not serve, or an answer that must not happen; the message says which."""


class Held(Struct, frozen=True):
    """A seat held on the server: its session and the key of its license."""

    session_id: str
    license_key: str


class RunningServer:
    """A server that answers, made by ``spawn``. ``pid`` is its one process."""

    def __init__(
        self, spawn: "Callable[[], subprocess.Popen[bytes]]", port: int, ledger: Ledger, log: Path
    ) -> None:
        self._spawn = spawn
        self._log = log
        self.port = port
        self.ledger = ledger
        self.process = spawn()

    @property
    def pid(self) -> int:
        """The number of its one process."""
        return self.process.pid

    def wait_until_it_answers(self) -> None:
        """Return when it does. Raises MeasurementFailed when it does not."""
        _wait_until_it_answers(self.process, self.port, self._log)

    def kill(self) -> None:
        """End it between any two of its steps."""
        self.process.kill()
        self.process.wait()

    def start_again(self) -> None:
        """Start it on the same data and port, and return when it answers."""
        self.process = self._spawn()
        self.wait_until_it_answers()

    def load(self, job: Job) -> Outcome:
        """Do a job in a load generator process. Raises MeasurementFailed for any fault."""
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.generator"],
            input=msgspec.json.encode(job),
            stdout=subprocess.PIPE,
            cwd=REPOSITORY,
            timeout=job.seconds + job.warm_up_seconds + _LOAD_GRACE_SECONDS,
            check=True,
        )
        outcome = msgspec.json.decode(done.stdout, type=Outcome)
        if outcome.faults or not outcome.answers:
            raise MeasurementFailed(f"{len(outcome.faults)} faults; first: {outcome.faults[:1]}")
        return outcome

    def burst(self, job: BurstJob) -> list[Reply]:
        """Send many requests at once from a process of its own; return every answer."""
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.bursts"],
            input=msgspec.json.encode(job),
            stdout=subprocess.PIPE,
            cwd=REPOSITORY,
            timeout=job.seconds + _LOAD_GRACE_SECONDS,
            check=True,
        )
        return msgspec.json.decode(done.stdout, type=list[Reply])

    def ask(self, requests: list[bytes]) -> list[dict[str, Any]]:
        """Send requests one after the other and return the JSON bodies of the answers."""
        with socket.create_connection(("127.0.0.1", self.port), _ANSWER_SECONDS) as connection:
            return [_answer(connection, request) for request in requests]

    def hold_seats(self, fleet: str, *, seats: int, instance_id: str | None = None) -> list[Held]:
        """Take seats for the devices of a new fleet, spread evenly over the licenses."""
        keys = [self.ledger.license_keys[n % len(self.ledger.license_keys)] for n in range(seats)]
        named = {} if instance_id is None else {"instance_id": instance_id}
        answers = self.ask(
            [
                calls.acquire(
                    self.ledger, key, f"{fleet}-{n}", {"proofs": ["license_token"], **named}
                )
                for n, key in enumerate(keys)
            ]
        )
        return [Held(answer["session_id"], key) for answer, key in zip(answers, keys, strict=True)]


@contextmanager
def running_server(
    prepared: Path,
    ledger: Ledger,
    settings: str = SETTINGS,
    database_url: str = "",
    more: Mapping[str, str] = _NONE,
) -> Iterator[RunningServer]:
    """Serve a copy of a prepared data folder, and stop and remove it at the end.

    The ledger is in that folder, unless ``database_url`` names a database of PostgreSQL. ``more``
    adds to the server's environment.

    The request log goes to a file in that folder. Raises MeasurementFailed when the server does
    not start, or does not stop with status 0.
    """
    with tempfile.TemporaryDirectory(dir=prepared.parent) as directory:
        data = shutil.copytree(prepared, Path(directory) / "data")
        port = free_port()
        environment = {**server_environment(data, settings, port, database_url), **more}
        log = data / "server.log"
        server = RunningServer(lambda: _spawned(environment, log), port, ledger, log)
        try:
            server.wait_until_it_answers()
            yield server
        except BaseException:
            server.kill()
            raise
        _stop(server.process)


def _spawned(environment: Mapping[str, str], log: Path) -> "subprocess.Popen[bytes]":
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, str(REPOSITORY / "backend" / "manage.py"), "serve"],
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def _wait_until_it_answers(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    give_up_at = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < give_up_at:
        try:
            with socket.create_connection(("127.0.0.1", port), _ANSWER_SECONDS) as connection:
                _answer(connection, calls.NOOP.requests[0])
                return
        except ConnectionRefusedError:
            time.sleep(_LOOK_SECONDS)
    raise MeasurementFailed(f"the server does not answer: {log.read_text()[-2000:]}")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGTERM)
    try:
        status = process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise MeasurementFailed("the server did not stop") from None
    if status != 0:
        raise MeasurementFailed(f"the server ended with status {status}")


def _answer(connection: socket.socket, request: bytes) -> dict[str, Any]:
    connection.sendall(request)
    answer = b""
    while not (length := answer_length(answer)) or len(answer) < length:
        chunk = connection.recv(65_536)
        if not chunk:
            raise MeasurementFailed("the server closed a connection")
        answer += chunk
    if not answer[9:12].startswith(b"2"):
        raise MeasurementFailed(f"refused: {answer[:2000]!r}")
    body: dict[str, Any] = msgspec.json.decode(answer.partition(b"\r\n\r\n")[2])
    return body


def free_port() -> int:
    """Return a port of 127.0.0.1 on which nobody listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
