"""``python -m benchmarks.census``: what does a count of the whole ledger cost?

A million seats of 20,000 licenses, made in the order in which programs come: a seat of each
license, then the next of each. They are counted as a server counts them for its metrics, page after
page, without the rests between, from what is in memory already. A page is what one look costs the
database and its reader together; a count is all of them.
"""

import argparse
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psycopg

from benchmarks.capacity.prepared import prepare
from benchmarks.command import add_options, carry_out
from benchmarks.figures import Answer, Row, Target, figure, percentile
from benchmarks.machine import describe_machine, describe_software
from benchmarks.prepared import prepare_ledger
from benchmarks.report import Report, say
from coditect_license.private_postgres import running_postgres
from leasing.census import CensusReader, Count
from leasing.stores.postgres.census import PostgresCensus
from leasing.stores.sqlite.census import SqliteCensus

_LICENSES: Final = 20_000
_PAGE: Final = Target(at_most=100)
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
        f"device, gen, lease_expires_at) SELECT l.tenant_id, {of.format(f'i % {_LICENSES} + 1')}, "
        f"i / {_LICENSES}, {of.format('i + 1')}, 'device-' || i, 1, "
        f"CASE WHEN i % 10 = 0 THEN {_instant(dialect, 2020)} ELSE {_instant(dialect, 2100)} END "
        "FROM n CROSS JOIN (SELECT tenant_id FROM license LIMIT 1) AS l"
    )


def _instant(dialect: str, year: int) -> str:
    text = f"'{year}-01-01 00:00:00.000000'"
    return text if dialect == "sqlite" else f"{text}::timestamptz"


@contextmanager
def _sqlite(folder: Path, seats: int) -> Iterator[CensusReader]:
    prepare_ledger(folder / "prepared")
    file = folder / "prepared" / "license.sqlite3"
    with closing(sqlite3.connect(file)) as connection, connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(license)")]
        for statement in _statements("sqlite", columns, seats):
            connection.execute(statement)
    with closing(SqliteCensus(file)) as reader:
        yield reader


@contextmanager
def _postgres(folder: Path, seats: int) -> Iterator[CensusReader]:
    folder.chmod(0o755)  # as root the database runs as nobody
    with running_postgres(folder / "postgres", durable=False) as server:
        server.ensure_database("license")
        url = server.url("license")
        prepare(folder / "data", url, [1])
        with psycopg.connect(url, autocommit=True) as connection:
            found = connection.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = 'license'"
            )
            for statement in _statements("postgres", [row[0] for row in found], seats):
                connection.execute(statement.encode())
            connection.execute("VACUUM ANALYZE")
        with closing(PostgresCensus(url)) as reader:
            yield reader


def _count(reader: CensusReader) -> tuple[list[float], int]:
    """Return the milliseconds of each page, and how many leases were found live."""
    count, after, pages = Count(20), None, []
    while True:
        began_at = time.perf_counter()
        after = count.add(reader.page(after))
        pages.append((time.perf_counter() - began_at) * 1_000)
        if after is None:
            return pages, count.census().live


def _row(name: str, reader: CensusReader, rounds: int) -> Row:
    all_pages = []
    for _ in range(rounds):
        pages, live = _count(reader)
        all_pages.append(sorted(pages))
        say(f"{name}: {live:,} live in {len(pages)} pages, {sum(pages) / 1_000:.2f} s")
    return Row(
        name,
        [
            figure("page", "ms", [percentile(pages, 0.5) for pages in all_pages]),
            figure("worst page", "ms", [pages[-1] for pages in all_pages], _PAGE),
            figure("count", "s", [sum(pages) / 1_000 for pages in all_pages]),
        ],
    )


def _measure(wanted: argparse.Namespace) -> Report:
    began_at, rows = datetime.now(UTC), []
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=wanted.directory) as directory:
        machine = describe_machine(Path(directory))
        for name, loaded in (("SQLite", _sqlite), ("PostgreSQL", _postgres)):
            folder = Path(directory) / name
            folder.mkdir()
            say(f"{name}: making {wanted.seats:,} seats")
            with loaded(folder, wanted.seats) as reader:
                rows.append(_row(name, reader, wanted.rounds))
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
