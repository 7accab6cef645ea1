"""``python -m benchmarks.census``: what does a count of the whole ledger cost?

A million seats of 20,000 licenses, made in the order in which programs come: a seat of each
license, then the next of each. They are counted as a server counts them for its metrics, page after
page, without the rests between, from what is in memory already. A page is what one look costs the
database and its reader together; a count is all of them. Then heartbeats, each committed before
the next, alone and beside a count with its rests.
"""

import argparse
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

import psycopg

from benchmarks.capacity.prepared import CapacityLedger, prepare
from benchmarks.command import add_options, carry_out
from benchmarks.figures import Answer, Row, Target, figure, percentile
from benchmarks.machine import describe_machine, describe_software
from benchmarks.report import Report, say
from benchmarks.server import MeasurementFailed
from coditect_license.private_postgres import running_postgres
from leasing.census import REST, Count
from leasing.store import Acquire, Caller, Heartbeat, Lease, Store
from leasing.stores.postgres import PostgresStore
from leasing.stores.postgres.census import PostgresCensus
from leasing.stores.sqlite import SqliteStore
from leasing.stores.sqlite.census import SqliteCensus

_LICENSES: Final = 20_000
_PAGE: Final = Target(at_most=20)
_NUMBERS: Final = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {})"
_ID: Final = {"sqlite": "printf('%032x', {})", "postgres": "lpad(to_hex({}), 32, '0')::uuid"}


def _statements(dialect: str, columns: list[str], seats: int) -> Iterator[str]:
    """Yield what makes licenses like the one that is there, and their seats."""
    of = _ID[dialect]
    copied = {"id": of.format("i + 1"), "key_hmac": "'made-' || i"}
    values = ", ".join(copied.get(column, f"l.{column}") for column in columns)
    yield (
        f"{_NUMBERS.format(_LICENSES)} INSERT INTO license ({', '.join(columns)}) "
        f"SELECT {values} FROM n CROSS JOIN (SELECT * FROM license LIMIT 1) AS l"
    )
    yield (
        f"{_NUMBERS.format(seats)} INSERT INTO seat (tenant_id, license_id, slot, session_id, "
        "device, gen, seq, is_shared, lease_expires_at) "
        f"SELECT l.tenant_id, {of.format(f'i % {_LICENSES} + 1')}, "
        f"i / {_LICENSES}, {of.format('i + 1')}, 'device-' || i, 1, 1, false, "
        f"CASE WHEN i % 10 = 0 THEN {_instant(dialect, 2020)} ELSE {_instant(dialect, 2100)} END "
        "FROM n CROSS JOIN (SELECT tenant_id FROM license LIMIT 1) AS l"
    )


def _instant(dialect: str, year: int) -> str:
    text = f"'{year}-01-01 00:00:00.000000'"
    return text if dialect == "sqlite" else f"{text}::timestamptz"


class _Ledger(NamedTuple):
    """A ledger that is open to whoever counts and to whoever leases."""

    reader: Callable[[], PostgresCensus | SqliteCensus]
    store: Callable[[], Store]
    made: CapacityLedger


@contextmanager
def _sqlite(folder: Path, seats: int) -> Iterator[_Ledger]:
    made = prepare(folder, "", [1])
    file = folder / "license.sqlite3"
    with closing(sqlite3.connect(file)) as connection, connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(license)")]
        for statement in _statements("sqlite", columns, seats):
            connection.execute(statement)
    yield _Ledger(lambda: SqliteCensus(file), lambda: SqliteStore(file), made)


@contextmanager
def _postgres(folder: Path, seats: int) -> Iterator[_Ledger]:
    folder.chmod(0o755)  # as root the database runs as nobody
    with running_postgres(folder / "postgres") as server:
        server.ensure_database("license")
        url = server.url("license")
        made = prepare(folder / "data", url, [1])
        with psycopg.connect(url, autocommit=True) as connection:
            found = connection.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = 'license'"
            )
            for statement in _statements("postgres", [row[0] for row in found], seats):
                connection.execute(statement.encode())
            connection.execute("VACUUM ANALYZE")
        yield _Ledger(lambda: PostgresCensus(url), lambda: PostgresStore(url), made)


def _count(ledger: _Ledger) -> tuple[list[float], int]:
    """Return the milliseconds of each page, in order of size, and how many leases were live."""
    count, after, pages = Count(20), None, []
    with closing(ledger.reader()) as reader:
        while True:
            began_at = time.perf_counter()
            after = count.add(reader.page(after))
            pages.append((time.perf_counter() - began_at) * 1_000)
            if after is None:
                return sorted(pages), count.census().live


def _go_on_counting(ledger: _Ledger, is_over: threading.Event) -> None:
    """Count again and again, with the rests of a server."""
    count, after = Count(20), None
    with closing(ledger.reader()) as reader:
        while not is_over.is_set():
            began_at = time.perf_counter()
            after = count.add(reader.page(after))
            is_over.wait((time.perf_counter() - began_at) * REST)


def _heartbeats(ledger: _Ledger, seconds: float) -> list[float]:
    """Return the milliseconds of each of many heartbeats, one after the other, in order of size."""
    caller = Caller("user:benchmark", ledger.made.tenant_id)
    times = []
    with closing(ledger.store()) as store:
        (lease,) = store.apply([Acquire(caller, tuple(ledger.made.hot.key_hmacs), "laptop")])
        if not isinstance(lease, Lease):
            raise MeasurementFailed(f"no seat: {lease!r}")
        beat, ends = Heartbeat(caller, lease.session_id), time.perf_counter() + seconds
        while (began_at := time.perf_counter()) < ends:
            store.apply([beat])
            times.append((time.perf_counter() - began_at) * 1_000)
    return sorted(times)


def _beside_a_count(ledger: _Ledger, seconds: float) -> list[float]:
    is_over = threading.Event()
    counting = threading.Thread(target=_go_on_counting, args=(ledger, is_over))
    counting.start()
    try:
        return _heartbeats(ledger, seconds)
    finally:
        is_over.set()
        counting.join()


def _rows(name: str, ledger: _Ledger, wanted: argparse.Namespace) -> Iterator[Row]:
    counts, alone, beside = [], [], []
    for _ in range(wanted.rounds):
        pages, live = _count(ledger)
        say(f"{name}: {live:,} live in {len(pages)} pages, {sum(pages) / 1_000:.2f} s")
        counts.append(pages)
        alone.append(_heartbeats(ledger, wanted.seconds))
        beside.append(_beside_a_count(ledger, wanted.seconds))
    yield Row(
        f"{name}, a count",
        [
            figure("page", "ms", [percentile(pages, 0.5) for pages in counts], _PAGE),
            figure("worst page", "ms", [pages[-1] for pages in counts]),
            figure("count", "s", [sum(pages) / 1_000 for pages in counts]),
        ],
    )
    for title, times in (("alone", alone), ("beside a count", beside)):
        shares = {"median": 0.5, "p99": 0.99}
        figures = [
            figure(of, "ms", [percentile(each, share) for each in times])
            for of, share in shares.items()
        ]
        yield Row(f"{name}, a heartbeat {title}", figures)


def _measure(wanted: argparse.Namespace) -> Report:
    began_at = datetime.now(UTC)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=wanted.directory) as directory:
        machine = describe_machine(Path(directory))
        for name, loaded in (("SQLite", _sqlite), ("PostgreSQL", _postgres)):
            folder = Path(directory) / name
            folder.mkdir()
            say(f"{name}: making {wanted.seats:,} seats")
            with loaded(folder, wanted.seats) as ledger:
                rows.extend(_rows(name, ledger, wanted))
    return Report(
        began_at=began_at.isoformat(timespec="seconds"),
        seconds_per_round=wanted.seconds,
        rounds=wanted.rounds,
        machine=machine,
        software=describe_software(),
        answers=[Answer("census", "Cost of a count?", rows, [f"{wanted.seats:,} seats"])],
        failures=[],
    )


def main(arguments: list[str] | None = None) -> int:
    """Measure and return the exit status, as ``carry_out`` does."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.census", description=__doc__)
    parser.add_argument("--seats", type=int, default=1_000_000, help="how many (1,000,000)")
    add_options(parser, rounds=3, made_there="databases are")
    return carry_out(_measure, parser.parse_args(arguments))


if __name__ == "__main__":
    sys.exit(main())
