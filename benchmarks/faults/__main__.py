"""``python -m benchmarks.faults``: what clients see while PostgreSQL is killed, or KMS hangs.

Calls are due at a fixed rate, each over a connection of its own, and latency counts from the
instant a call was due. PostgreSQL: killed (SIGKILL, all processes) after 4 s, started again 3 s
later. KMS: every signature hangs from 4 s to 10 s; heartbeats and acquires of ``license_token``
need none, acquires of ``license_data`` each need one.
"""

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from benchmarks import calls
from benchmarks.command import carry_out
from benchmarks.faults.timeline import Call, record, rows
from benchmarks.figures import Answer, Row, figure
from benchmarks.generator import Job
from benchmarks.kms import running_kms
from benchmarks.machine import NotMeasurable, describe_machine, describe_software
from benchmarks.prepared import Ledger, prepare_ledger
from benchmarks.report import RESULTS, Report, say
from benchmarks.server import MeasurementFailed, RunningServer, running_server
from coditect_license.private_postgres import PostgresFailed, running_postgres
from local_kms.faults import Fault

RATE: Final = 200.0
ACQUIRES: Final = 10.0
FAULT_AT_SECONDS: Final = 4.0
KILLED_SECONDS: Final = 3.0
HUNG_SECONDS: Final = 6.0
SECONDS: Final = 16.0
_SEATS: Final = 200
_NOOP_SECONDS: Final = 2.0


class _PostgreSql:
    """A durable PostgreSQL in one folder, that can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._life = ExitStack()
        self._pid = 0

    def start(self) -> str:
        """Start it, after a crash with recovery; return the address of the ledger."""
        server = self._life.enter_context(running_postgres(self._folder))
        self._pid = server.pid
        server.ensure_database("license")
        return server.url("license")

    def kill(self) -> None:
        """End every process of it."""
        os.killpg(self._pid, signal.SIGKILL)
        self._life.close()

    def stop(self) -> None:
        """Shut down in good order."""
        self._life.close()


def main(arguments: list[str] | None = None) -> int:
    """Measure, show and keep; return the status as all benchmarks do."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.faults",
        description="What clients see of a fault; see README.md.",
    )
    parser.add_argument("--enforce", action="store_true", help="accepted as elsewhere: no targets")
    parser.add_argument("--directory", help="where data folders are made; must be on a disk")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the JSON is kept")
    obstacles = (NotMeasurable, MeasurementFailed, PostgresFailed)
    return carry_out(_measure, parser.parse_args(arguments), obstacles=obstacles)


def _measure(wanted: argparse.Namespace) -> Report:
    began_at = datetime.now(UTC)
    with tempfile.TemporaryDirectory(prefix="faults-", dir=wanted.directory) as directory:
        folder = Path(directory)
        folder.chmod(0o755)  # as root the database runs as nobody
        machine = describe_machine(folder)
        say(f"PostgreSQL is killed for {KILLED_SECONDS:g} s")
        answers = [_postgresql_killed(folder / "killed")]
        say(f"Cloud KMS hangs for {HUNG_SECONDS:g} s")
        answers += _kms_hangs(folder / "hung")
    return Report(
        began_at=began_at.isoformat(timespec="seconds"),
        seconds_per_round=SECONDS,
        rounds=1,
        machine=machine,
        software=describe_software(),
        answers=answers,
        failures=[],
    )


def _postgresql_killed(folder: Path) -> Answer:
    folder.mkdir(mode=0o755)
    postgres = _PostgreSql(folder / "postgres")
    try:
        ledger_at = {"LICENSE_DATABASE_URL": postgres.start()}
        ledger = prepare_ledger(folder / "prepared", ledger_at)
        with running_server(folder / "prepared", ledger, more=ledger_at) as server:
            noop, beats = _noop(server), _heartbeats(server)
            with _fault(postgres.kill, KILLED_SECONDS, lambda: str(postgres.start())):
                recorded = asyncio.run(record(server.port, beats, rate=RATE, seconds=SECONDS))
    finally:
        postgres.stop()
    asks = f"Heartbeats at {RATE:g}/s while PostgreSQL is killed and started again?"
    return Answer("postgresql_killed", asks, [noop, *rows(recorded, SECONDS)], [_WHEN_KILLED])


def _kms_hangs(folder: Path) -> list[Answer]:
    (folder / "kms").mkdir(parents=True, mode=0o700)
    with running_kms(folder / "kms") as kms:
        ledger = prepare_ledger(folder / "prepared", kms.settings)
        with running_server(folder / "prepared", ledger, more=kms.settings) as server:
            noop, beats = _noop(server), _heartbeats(server)
            token = _acquires(ledger, "token", ["license_token"])
            data = _acquires(ledger, "data", ["license_data"])
            hang = Fault(delay_seconds=3_600)
            with _fault(lambda: kms.fail(hang), HUNG_SECONDS, kms.heal):
                recorded = asyncio.run(_three(server.port, beats, token, data))
    kinds = (
        ("kms_hangs_heartbeats", f"Heartbeats at {RATE:g}/s while Cloud KMS hangs?"),
        ("kms_hangs_tokens", f"Acquires of license_token at {ACQUIRES:g}/s meanwhile?"),
        ("kms_hangs_statements", f"Acquires of license_data at {ACQUIRES:g}/s meanwhile?"),
    )
    return [
        Answer(name, asks, [noop, *rows(one, SECONDS)], [_WHEN_HUNG])
        for (name, asks), one in zip(kinds, recorded, strict=True)
    ]


async def _three(
    port: int, beats: list[bytes], token: list[bytes], data: list[bytes]
) -> list[list[Call]]:
    return list(
        await asyncio.gather(
            record(port, beats, rate=RATE, seconds=SECONDS),
            record(port, token, rate=ACQUIRES, seconds=SECONDS),
            record(port, data, rate=ACQUIRES, seconds=SECONDS),
        )
    )


@contextmanager
def _fault(begin: Callable[[], object], lasts: float, end: Callable[[], object]) -> Iterator[None]:
    """Let a fault begin and end while the block runs, from threads of their own."""
    timers = [
        threading.Timer(FAULT_AT_SECONDS, begin),
        threading.Timer(FAULT_AT_SECONDS + lasts, end),
    ]
    for timer in timers:
        timer.start()
    try:
        yield
    finally:
        for timer in timers:
            timer.join()


def _heartbeats(server: RunningServer) -> list[bytes]:
    held = server.hold_seats("timeline", seats=_SEATS)
    return [calls.heartbeat(one.session_id, server.ledger.bearer) for one in held]


def _acquires(ledger: Ledger, fleet: str, proofs: list[str]) -> list[bytes]:
    keys = ledger.license_keys
    body: dict[str, object] = {"proofs": proofs}
    return [
        calls.acquire(ledger, keys[number % len(keys)], f"{fleet}-{number}", body)
        for number in range(round(ACQUIRES * SECONDS))
    ]


def _noop(server: RunningServer) -> Row:
    outcome = server.load(Job(server.port, server.pid, calls.NOOP, _NOOP_SECONDS))
    rate = sum(outcome.answers.values()) / outcome.seconds
    return Row("no-op", [figure("rate", "calls/s", [rate])])


_WHEN_KILLED: Final = (
    f"killed at {FAULT_AT_SECONDS:g} s, started again at {FAULT_AT_SECONDS + KILLED_SECONDS:g} s"
)
_WHEN_HUNG: Final = f"hangs from {FAULT_AT_SECONDS:g} s to {FAULT_AT_SECONDS + HUNG_SECONDS:g} s"


if __name__ == "__main__":
    sys.exit(main())
