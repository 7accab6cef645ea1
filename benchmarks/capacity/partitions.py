"""``python -m benchmarks.capacity.partitions``: what a heartbeat costs on hash partitions.

Copies the seats of a loaded database into one table and into 16 partitions, and runs the statements
of the store on them in turns: the read and the write of a batch of plain heartbeats. The fleet is
one tenant's and would fall into one partition, so the copies have 64 tenants, a license's seats one
of them. Nothing of this is in the product.
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
from benchmarks.capacity.prepared import Site
from benchmarks.machine import family_seconds
from coditect_license.private_postgres import running_postgres
from leasing.stores.postgres import statements

PARTITIONS: Final = 16
_BATCHES: Final = (500, 20)
_ENDS: Final = "2100-01-01 00:00:00.000000"
_WARM_UP_BATCHES: Final = 8
_TENANT: Final = "md5((hashtext(license_id::text) & 63)::text)::uuid"
_OPTIONS: Final = "WITH (fillfactor = 70)"
_LAYOUTS: Final = {"one table": "seat_1", "16 partitions": "seat_16"}
_Connection = psycopg.Connection[tuple[Any, ...]]


def copy_tables(connection: _Connection) -> None:
    """Make the copies, with the keys that heartbeats use, in memory as the tables are."""
    connection.execute(f"CREATE TABLE seat_1 (LIKE seat) {_OPTIONS}".encode())
    connection.execute(b"CREATE TABLE seat_16 (LIKE seat) PARTITION BY HASH (tenant_id)")
    for number in range(PARTITIONS):
        values = f"WITH (MODULUS {PARTITIONS}, REMAINDER {number})"
        connection.execute(
            f"CREATE TABLE seat_16_{number} PARTITION OF seat_16"
            f" FOR VALUES {values} {_OPTIONS}".encode()
        )
    columns = ", ".join(_columns(connection))
    moved = columns.replace("tenant_id", _TENANT, 1)
    for copy in _LAYOUTS.values():
        connection.execute(f"INSERT INTO {copy} ({columns}) SELECT {moved} FROM seat".encode())
        connection.execute(
            f"ALTER TABLE {copy} ADD PRIMARY KEY (tenant_id, license_id, slot),"
            " ADD UNIQUE (session_id, tenant_id)".encode()
        )
    # The licenses of the copies are of the tenants that their seats are of.
    connection.execute(b"CREATE TABLE license_1 (LIKE license)")
    connection.execute(b"INSERT INTO license_1 SELECT * FROM license")
    tenant = _TENANT.replace("license_id", "id")
    connection.execute(f"UPDATE license_1 SET tenant_id = {tenant}".encode())
    connection.execute(b"CREATE INDEX ON license_1 (id)")
    for copy in (*_LAYOUTS.values(), "license_1"):
        connection.execute(f"VACUUM (ANALYZE) {copy}".encode())
        connection.execute(f"GRANT SELECT, UPDATE ON {copy} TO leasing".encode())


def _columns(connection: _Connection) -> list[str]:
    rows = connection.execute(
        "SELECT attname FROM pg_attribute"
        " WHERE attrelid = 'seat'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
    )
    return [str(name) for (name,) in rows]


class Heartbeats:
    """The statements of heartbeats on one layout, over a connection that keeps their plans."""

    def __init__(self, connection: _Connection, seats: str) -> None:
        self._connection = connection
        self._read, self._write = (
            _on(statement, seats).encode()
            for statement in (statements.HELD, statements.RENEW_SEATS)
        )

    def beat(self, wanted: list[list[Any]]) -> None:
        """Read and renew a batch, and commit it."""
        asked = msgspec.json.encode(wanted).decode()
        self._connection.execute(statements.BEGIN_SNAPSHOT.encode(), prepare=False)
        row = self._connection.execute(self._read, {"wanted": asked}).fetchone()
        held: list[Any] = msgspec.json.decode(row[0]) if row else []
        if len(held) != len(wanted):
            raise AssertionError("every session that is asked for holds a seat")
        rows = [
            [wanted[place][1], license_, holding[1], _ENDS, _ENDS, None, None, None, None]
            for place, license_, _, holding, *_ in held
        ]
        self._connection.execute(self._write, {"rows": msgspec.json.encode(rows).decode()})
        self._connection.execute(statements.COMMIT.encode(), prepare=False)


def _on(statement: str, seats: str) -> str:
    """Return a statement on a copy; a partition is found by a tenant that is equal."""
    return (
        statement.replace("JOIN seat AS", f"JOIN {seats} AS")
        .replace("JOIN license AS", "JOIN license_1 AS")
        .replace("s.tenant_id IS NOT DISTINCT FROM w.tenant", "s.tenant_id = w.tenant")
        .replace("UPDATE seat SET", f"UPDATE {seats} AS seat SET")
    )


def _batches(connection: _Connection, size: int) -> Iterator[list[list[Any]]]:
    plain = connection.execute(
        "SELECT tenant_id::text, session_id::text FROM seat_1 WHERE NOT is_shared"
    ).fetchall()
    random = Random(size)
    while True:
        drawn = enumerate(random.choices(plain, k=size))
        yield [[place, tenant, session, ""] for place, (tenant, session) in drawn]


def measure(site: Site, seconds: float, rounds: int) -> Iterator[tuple[int, str, float, float]]:
    """Yield batch, layout, and microseconds of the database and of the clock for a heartbeat."""
    with psycopg.connect(site.url, autocommit=True, prepare_threshold=2) as connection:
        connection.execute(statements.WITHIN_SESSION.encode(), prepare=False)
        for size in _BATCHES:
            batches = _batches(connection, size)
            for _ in range(rounds):
                for name, seats in _LAYOUTS.items():
                    beats = Heartbeats(connection, seats)
                    yield size, name, *_timed(site, beats, batches, size, seconds)


def _timed(
    site: Site,
    beats: Heartbeats,
    batches: Iterator[list[list[Any]]],
    size: int,
    seconds: float,
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
