"""What PostgreSQL itself says about a stretch of work: its log, its updates, the size of tables."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from msgspec import Struct

_SETTLING_SECONDS: Final = 1.5
TABLES: Final = ("seat", "license_session", "seat_instance")

_COUNTERS: Final = """
SELECT pg_current_wal_lsn() - '0/0'::pg_lsn, wal_records, wal_fpi, wal_bytes,
       (SELECT n_tup_upd FROM pg_stat_user_tables WHERE relname = 'seat'),
       (SELECT n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'seat')
FROM pg_stat_wal"""


class Counters(Struct, frozen=True):
    """Counters that only grow; ``wal_pages`` are whole pages written after a checkpoint."""

    wal_position: float
    wal_records: float
    wal_pages: float
    wal_bytes: float
    seat_updates: float
    hot_updates: float


class Gauges:
    """A connection of the benchmark's own that only looks."""

    def __init__(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        self._connection = connection

    def counters(self) -> Counters:
        """Return the counters as they stand."""
        row = self._connection.execute(_COUNTERS).fetchone()
        if row is None:
            raise AssertionError("pg_stat_wal has one row")
        return Counters(*(float(str(value)) for value in row))

    def settled(self) -> Counters:
        """Return the counters once those who just ended have handed theirs in.

        A connection hands its counters in when it has been idle for a moment, or as it ends.
        """
        time.sleep(_SETTLING_SECONDS)
        return self.counters()

    def table_bytes(self, table: str) -> int:
        """Return what a table takes with its indexes."""
        return self._number("SELECT pg_total_relation_size(%s)", table)

    def rows(self, table: str) -> int:
        """Return how many rows a table has, counted."""
        return self._number(f"SELECT count(*) FROM {table} WHERE %s <> ''", table)

    def pages(self, table: str) -> int:
        """Return how many pages a table has without its indexes."""
        return self._number("SELECT pg_relation_size(%s) / 8192", table)

    def checkpoint(self) -> None:
        """Have everything in the data files; the next change of a page logs all of it."""
        self._connection.execute("CHECKPOINT")

    def _number(self, statement: str, value: str) -> int:
        row = self._connection.execute(statement.encode(), [value]).fetchone()
        return int(str(row[0])) if row else 0


def between(before: Counters, after: Counters) -> Counters:
    """Return how far the counters moved."""
    pairs = zip(
        (getattr(before, name) for name in Counters.__struct_fields__),
        (getattr(after, name) for name in Counters.__struct_fields__),
        strict=True,
    )
    return Counters(*(later - earlier for earlier, later in pairs))


@contextmanager
def gauges(url: str) -> Iterator[Gauges]:
    """Connect gauges to a database."""
    with psycopg.connect(url, autocommit=True) as connection:
        yield Gauges(connection)
