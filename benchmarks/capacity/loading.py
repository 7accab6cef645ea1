"""Loads live leases: rows by COPY, as many acquires would have left them."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psycopg

from benchmarks.capacity.fleet import INSTANCE, Fleet, device_of, has_instance, session_of
from benchmarks.capacity.prepared import TTL_SECONDS, CapacityLedger
from coditect_license_token import hardware_binding

_ROWS_AT_A_TIME: Final = 50_000
_SEATS: Final = """COPY seat (tenant_id, license_id, slot, session_id, device, gen,
    lease_expires_at, unnamed_expires_at) FROM STDIN"""
_SESSIONS: Final = """COPY license_session (tenant_id, id, license_id, slot, gen, device, principal,
    metadata, started_at, ended_at, end_reason, seq, token_issued_at, token_expires_at)
    FROM STDIN"""
_INSTANCES: Final = """COPY seat_instance (tenant_id, session_id, instance_id, lease_expires_at,
    token_issued_at, token_expires_at) FROM STDIN"""

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
        return time.monotonic() - began_at

    def _load(self, connection: psycopg.Connection[_Row], numbers: range) -> None:
        now = datetime.now(UTC)
        ends = now + timedelta(seconds=TTL_SECONDS)
        with connection.transaction(), connection.cursor() as cursor:
            for statement, rows in (
                (_SEATS, self._seats(numbers, ends)),
                (_SESSIONS, self._sessions(numbers, now, ends)),
                (_INSTANCES, self._instances(numbers, now, ends)),
            ):
                with cursor.copy(statement) as copy:
                    for row in rows:
                        copy.write_row(row)

    def _seats(self, numbers: range, ends: datetime) -> Iterator[_Row]:
        for number in numbers:
            place = self._fleet.place_of(number)
            license_ = self._ledger.licenses[place.license_number].license_id
            device = hardware_binding(license_, device_of(number))
            unnamed_ends = None if has_instance(number) else ends
            yield (
                self._ledger.tenant_id, license_, place.slot, session_of(number), device, 1,
                ends, unnamed_ends,
            )  # fmt: skip

    def _sessions(self, numbers: range, now: datetime, ends: datetime) -> Iterator[_Row]:
        for number in numbers:
            place = self._fleet.place_of(number)
            license_ = self._ledger.licenses[place.license_number].license_id
            device = hardware_binding(license_, device_of(number))
            token = (None, None) if has_instance(number) else (now, ends)
            yield (
                self._ledger.tenant_id, session_of(number), license_, place.slot, 1, device,
                "user:benchmark", "{}", now, None, "", 1, *token,
            )  # fmt: skip

    def _instances(self, numbers: range, now: datetime, ends: datetime) -> Iterator[_Row]:
        for number in filter(has_instance, numbers):
            yield (self._ledger.tenant_id, session_of(number), INSTANCE, ends, now, ends)
