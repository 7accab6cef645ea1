"""``python -m benchmarks.capacity.partitions``: what a heartbeat costs on hash partitions.

Copies the seats of a loaded database, and its sessions, into one table and into 16 partitions each,
and runs the statements of the store on them in turns: the read and the write of a batch of plain
heartbeats. Seats are divided by license and sessions by id, because the fleet is one tenant's: by
tenant all of it would fall into one partition. Nothing of this is in the product.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final

import msgspec
import psycopg

from benchmarks.capacity.__main__ import SETTINGS, load_site
from benchmarks.capacity.fleet import has_instance, session_of
from benchmarks.capacity.prepared import Site
from benchmarks.machine import family_seconds
from coditect_license.private_postgres import running_postgres
from leasing.stores.postgres import statements

PARTITIONS: Final = 16
_BATCHES: Final = (500, 20)
_ENDS: Final = "2100-01-01 00:00:00.000000"
_WARM_UP_BATCHES: Final = 8
_TABLES: Final = {
    "seat": ("license_id", "tenant_id, license_id, slot", "WITH (fillfactor = 70)"),
    "license_session": ("id", "tenant_id, id", ""),
}
_LAYOUTS: Final = {
    "one table each": {"seat": "seat_1", "license_session": "license_session_1"},
    "seats in 16": {"seat": "seat_16", "license_session": "license_session_1"},
    "seats and sessions in 16": {"seat": "seat_16", "license_session": "license_session_16"},
}
_Connection = psycopg.Connection[tuple[Any, ...]]


def copy_tables(connection: _Connection) -> None:
    """Make the copies, with their primary keys, in memory as the tables are."""
    for table, (by, key, options) in _TABLES.items():
        connection.execute(f"CREATE TABLE {table}_1 (LIKE {table}) {options}".encode())
        connection.execute(
            f"CREATE TABLE {table}_16 (LIKE {table}) PARTITION BY HASH ({by})".encode()
        )
        for number in range(PARTITIONS):
            values = f"WITH (MODULUS {PARTITIONS}, REMAINDER {number})"
            connection.execute(
                f"CREATE TABLE {table}_16_{number} PARTITION OF {table}_16"
                f" FOR VALUES {values} {options}".encode()
            )
        for copy in (f"{table}_1", f"{table}_16"):
            connection.execute(f"INSERT INTO {copy} SELECT * FROM {table}".encode())
            connection.execute(f"ALTER TABLE {copy} ADD PRIMARY KEY ({key})".encode())
            connection.execute(f"VACUUM (ANALYZE) {copy}".encode())
            connection.execute(f"GRANT SELECT, UPDATE ON {copy} TO leasing".encode())


class Heartbeats:
    """The statements of heartbeats on one layout, over a connection that keeps their plans."""

    def __init__(self, connection: _Connection, layout: dict[str, str]) -> None:
        self._connection = connection
        self._read, self._write = (
            _on(statement, layout).encode()
            for statement in (statements.HOLDINGS, statements.RENEW_SEATS)
        )

    def beat(self, wanted: str) -> None:
        """Read and renew a batch, and commit it."""
        self._connection.execute(statements.BEGIN_SNAPSHOT.encode(), prepare=False)
        row = self._connection.execute(self._read, {"wanted": wanted}).fetchone()
        rows = msgspec.json.encode(
            [[terms[0], terms[1], held[1], _ENDS, _ENDS] for _, terms, held, *_ in _decoded(row)]
        )
        self._connection.execute(self._write, {"rows": rows.decode()})
        self._connection.execute(statements.COMMIT.encode(), prepare=False)


def _decoded(row: tuple[Any, ...] | None) -> list[Any]:
    held: list[Any] = msgspec.json.decode(row[0]) if row else []
    return held


def _on(statement: str, layout: dict[str, str]) -> str:
    for words, name in (("JOIN license_session AS", "license_session"), ("JOIN seat AS", "seat")):
        statement = statement.replace(words, f"JOIN {layout[name]} AS")
    return statement.replace("UPDATE seat SET", f"UPDATE {layout['seat']} AS seat SET")


def _batches(site: Site, size: int) -> Iterator[str]:
    plain = [number for number in range(site.leases) if not has_instance(number)]
    random = Random(size)
    while True:
        drawn = enumerate(random.choices(plain, k=size))
        rows = [[place, site.ledger.tenant_id, session_of(number), ""] for place, number in drawn]
        yield msgspec.json.encode(rows).decode()


def measure(site: Site, seconds: float, rounds: int) -> Iterator[tuple[int, str, float, float]]:
    """Yield batch, layout, and microseconds of the database and of the clock for a heartbeat."""
    with psycopg.connect(site.url, autocommit=True, prepare_threshold=2) as connection:
        connection.execute(statements.WITHIN_SESSION.encode(), prepare=False)
        for size in _BATCHES:
            batches = _batches(site, size)
            for _ in range(rounds):
                for name, layout in _LAYOUTS.items():
                    beats = Heartbeats(connection, layout)
                    yield size, name, *_timed(site, beats, batches, size, seconds)


def _timed(
    site: Site, beats: Heartbeats, batches: Iterator[str], size: int, seconds: float
) -> tuple[float, float]:
    for _ in range(_WARM_UP_BATCHES):
        beats.beat(next(batches))
    used, began_at, done = family_seconds(site.server_pid), time.perf_counter(), 0
    while time.perf_counter() - began_at < seconds:
        beats.beat(next(batches))
        done += size
    took, used = time.perf_counter() - began_at, family_seconds(site.server_pid) - used
    return 1e6 * used / done, 1e6 * took / done


def main(arguments: Sequence[str] | None = None) -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.capacity.partitions")
    parser.add_argument("--leases", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--rounds", type=int, default=2)
    wanted = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="partitions-") as directory:
        folder = Path(directory)
        with running_postgres(folder / "database", settings=SETTINGS) as server:
            site = load_site(server, folder, wanted.leases)
            with psycopg.connect(site.url, autocommit=True) as connection:
                copy_tables(connection)
            for size, name, database, took in measure(site, wanted.seconds, wanted.rounds):
                print(
                    f"batch {size:3}, {name:24}: database {database:6.1f} µs, took {took:6.1f} µs"
                )


if __name__ == "__main__":
    main()
