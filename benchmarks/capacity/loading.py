"""Loads live leases: rows by COPY, as many acquires would have left them."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import psycopg

from benchmarks.capacity.fleet import INSTANCE, Fleet, device_of, has_instance, session_of
from benchmarks.capacity.prepared import TTL_SECONDS, CapacityLedger
from coditect_license_token import hardware_binding

_ROWS_AT_A_TIME: Final = 50_000
_SEATS: Final = """COPY seat (tenant_id, license_id, slot, session_id, device, gen,
    lease_expires_at, unnamed_expires_at, seq, token_issued_at, token_expires_at,
    is_shared) FROM STDIN"""
_SESSIONS: Final = """COPY license_session (tenant_id, id, license_id, slot, gen, device, principal,
    metadata, started_at, ended_at, end_reason, seq) FROM STDIN"""
_INSTANCES: Final = """COPY seat_instance (tenant_id, session_id, instance_id, lease_expires_at,
    token_issued_at, token_expires_at) FROM STDIN"""

_TOUCH: Final = (
    "SELECT count(gen) FROM seat WHERE (tenant_id, license_id, slot) > (%s, %s, -1)",
    """SELECT count(gen) FROM seat
    WHERE session_id IS NOT NULL AND (session_id, tenant_id) > (%s, %s)""",
    "SELECT count(gen) FROM license_session WHERE (tenant_id, id) > (%s, %s)",
    "SELECT count(lease_expires_at) FROM seat_instance WHERE (tenant_id, session_id) > (%s, %s)",
)
_BY_INDEX: Final = """SET enable_seqscan = off; SET enable_bitmapscan = off;
SET enable_indexonlyscan = off; SET max_parallel_workers_per_gather = 0"""
_NOBODY: Final = (UUID(int=0), UUID(int=0))

_Row = tuple[Any, ...]


class Loader:
    """Fills a database with the leases of a fleet, further at each call."""

    def __init__(
        self, url: str, ledger: CapacityLedger, fleet: Fleet, say: Callable[[str], None]
    ) -> None:
        self._url = url
        self._ledger = ledger
        self._fleet = fleet
        self._say = say
        self._loaded = 0

    def load_to(self, leases: int) -> float:
        """Load up to ``leases`` live leases in all; return the seconds it took."""
        began_at = time.monotonic()
        with psycopg.connect(self._url, autocommit=True) as connection:
            while self._loaded < leases:
                upto = min(leases, self._loaded + _ROWS_AT_A_TIME)
                self._load(connection, range(self._loaded, upto))
                self._loaded = upto
                self._say(f"loaded {upto:,} of {leases:,} leases")
            for table in ("seat", "license_session", "seat_instance"):
                connection.execute(f"VACUUM (ANALYZE) {table}")
            _have_in_memory(connection)
        return time.monotonic() - began_at

    def _load(self, connection: psycopg.Connection[_Row], numbers: range) -> None:
        now = datetime.now(UTC)
        ends = now + timedelta(seconds=TTL_SECONDS)
        with connection.transaction(), connection.cursor() as cursor:
            for statement, rows in (
                (_SEATS, self._seats(numbers, now, ends)),
                (_SESSIONS, self._sessions(numbers, now)),
                (_INSTANCES, self._instances(numbers, now, ends)),
            ):
                with cursor.copy(statement) as copy:
                    for row in rows:
                        copy.write_row(row)

    def _seats(self, numbers: range, now: datetime, ends: datetime) -> Iterator[_Row]:
        for number in numbers:
            place = self._fleet.place_of(number)
            license_ = self._ledger.licenses[place.license_number].license_id
            device = hardware_binding(license_, device_of(number))
            unnamed_ends = None if has_instance(number) else ends
            token = (None, None) if has_instance(number) else (now, ends)
            yield (
                self._ledger.tenant_id, license_, place.slot, session_of(number), device, 1,
                ends, unnamed_ends, 1, *token, has_instance(number),
            )  # fmt: skip

    def _sessions(self, numbers: range, now: datetime) -> Iterator[_Row]:
        for number in numbers:
            place = self._fleet.place_of(number)
            license_ = self._ledger.licenses[place.license_number].license_id
            device = hardware_binding(license_, device_of(number))
            yield (
                self._ledger.tenant_id, session_of(number), license_, place.slot, 1, device,
                "user:benchmark", "{}", now, None, "", 0,
            )  # fmt: skip

    def _instances(self, numbers: range, now: datetime, ends: datetime) -> Iterator[_Row]:
        for number in filter(has_instance, numbers):
            yield (self._ledger.tenant_id, session_of(number), INSTANCE, ends, now, ends)


def _have_in_memory(connection: psycopg.Connection[_Row]) -> None:
    """Read every row and its index entry once, as a primary has that has run for a while.

    COPY and VACUUM leave no more than a few megabytes in shared_buffers; each first look at a page
    would then be a call of the operating system, and be measured.
    """
    connection.execute(_BY_INDEX)
    for statement in _TOUCH:
        connection.execute(statement, _NOBODY)
