"""Stores with one bug each, for proving that the checker and the model would notice.

A bug is a statement of the SQLite store exchanged for a wrong one, or a small subclass. Each is a
mistake that real licence servers or earlier designs of this one have made.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from foundation.clock import Clock
from leasing.store import Call, Caller, Outcome, Release, Store
from leasing.stores.sql.transaction import Moment, Transaction, as_dashed, as_hex
from leasing.stores.sqlite import SqliteStore
from leasing.stores.sqlite import statements as sql
from tests.support.planted_anywhere import (
    CountedBefore,
    Leaking,
    RewrittenConnection,
    of_whole_device,
    rewritten,
)
from tests.support.world import Address, OpenStore


def opening(kind: type[SqliteStore]) -> OpenStore:
    """Return how to open a store of a kind."""
    return lambda database, clock: kind(Path(database), clock=clock)


def rewriting(
    *changes: tuple[str, str, str],
    kind: type[SqliteStore] = SqliteStore,
    without_index: str = "",
) -> OpenStore:
    """Return how to open a store in whose statements some words are exchanged.

    A change is a statement, the words in it, and what stands in their place.
    """
    exchanged = rewritten(*changes)

    def open_store(database: Address, clock: Clock) -> Store:
        store = kind(Path(database), clock=clock)
        if without_index:
            store._connection.execute(f"DROP INDEX IF EXISTS {without_index}")
        store._connection = RewrittenConnection(store._connection, exchanged)  # type: ignore[assignment]
        return store

    return open_store


class CountsThenInserts(SqliteStore):
    """Compares the count of before the batch with the cap; no key stands in the way."""

    def _begin(self, now: datetime) -> Transaction:
        super()._begin(now)
        self._occupancies.clear()
        return CountedBefore(
            self._connection,
            sql,
            moment=lambda: Moment(now, None),
            terms=self._terms,
            occupancies=self._occupancies,
        )


class ReclaimsAfterDowntime(SqliteStore):
    """Gives the seats of holders away whom its own downtime kept from renewing."""

    def _keep_alive(self, now: datetime) -> None:
        super()._keep_alive(now)
        self._hold = None


class CountsOnFromItsCopy(SqliteStore):
    """Goes on with the gens and seqs that a restore has put it back to."""

    def _begin(self, now: datetime) -> Transaction:
        transaction = super()._begin(now)
        transaction.lowest_count = 0
        return transaction


class ReleasesForAnybody(SqliteStore):
    """Asks for the session and not for its owner."""

    def apply(self, calls: Sequence[Call]) -> list[Outcome]:
        return super().apply([self._as_owner(call) for call in calls])

    def _as_owner(self, call: Call) -> Call:
        if not isinstance(call, Release):
            return call
        row = self._connection.execute(
            "SELECT tenant_id FROM seat WHERE session_id = ?", (as_hex(call.session_id),)
        ).fetchone()
        owner = Caller(call.caller.principal, as_dashed(row[0])) if row else call.caller
        return Release(owner, call.session_id, call.instance_id)


class ReleasesTheWholeDevice(SqliteStore):
    """Frees the seat with the first instance that leaves it."""

    def apply(self, calls: Sequence[Call]) -> list[Outcome]:
        return super().apply([of_whole_device(call) for call in calls])


class ForgetsReleases(SqliteStore):
    """Counts a released seat as held until it is restarted."""

    def _begin(self, now: datetime) -> Transaction:
        super()._begin(now)
        self.__dict__.setdefault("leaked", Counter())
        transaction = Leaking(
            self._connection,
            sql,
            moment=lambda: Moment(now, self._hold),
            terms=self._terms,
            occupancies=self._occupancies,
        )
        transaction.leaked = self.__dict__["leaked"]
        return transaction


class RepliesBeforeTheCommit(SqliteStore):
    """Leaves each batch to be committed by the next one; a crash in between loses it."""

    @contextmanager
    def _transaction(self) -> Iterator[Transaction]:
        if self._connection.in_transaction:
            self._connection.execute("COMMIT")
        self._connection.execute("BEGIN IMMEDIATE")
        transaction = self._begin(self._clock())
        yield transaction
        transaction.changes.write()


_ROWS = "SELECT count(*) FROM seat WHERE tenant_id = tenant AND license_id = license"
_NEXT_ROW = f"({_ROWS}) + row_number() OVER () - 1"
_SOONER = "datetime(:now, '+300 seconds')"
_LATER = "strftime('%Y-%m-%d %H:%M:%f000', n.ended_at, '+360 seconds')"

PLANTED: dict[str, tuple[OpenStore, set[str]]] = {
    "counts and then inserts": (
        rewriting(
            (sql.PUT_HOLDERS, "license, slot,", f"license, {_NEXT_ROW},"),
            kind=CountsThenInserts,
        ),
        {"S1"},
    ),
    "steals lapsed seats early": (
        rewriting(
            (sql.COUNT_SEATS, ":now", _SOONER),
            (sql.SEATS_LAPSED, ":now", _SOONER),
            (sql.SEAT, "lease_expires_at FROM", "datetime(lease_expires_at, '-300 seconds') FROM"),
        ),
        {"S1", "S2"},
    ),
    "shortens leases when it renews": (
        rewriting((sql.RENEW_SEATS, "w.ends,", "datetime(w.ends, '-250 seconds'),")),
        {"S2"},
    ),
    "reclaims after its own downtime": (opening(ReclaimsAfterDowntime), {"model"}),
    "denies while a seat is free": (opening(ForgetsReleases), {"S3"}),
    "leaves lapsed seats to the reaper": (
        rewriting(
            (sql.COUNT_SEATS, "AND lease_expires_at > :now", ""),
            (sql.SEATS_ENDING, "lease_expires_at > :now", "0"),
        ),
        {"S3"},
    ),
    "takes a second seat on reconnect": (
        rewriting(
            (sql.HOLDINGS_OF_DEVICES, "AND s.device =", "AND 0 ="),
            without_index="seat_one_per_device",
        ),
        {"S4"},
    ),
    "lets anybody release": (opening(ReleasesForAnybody), {"S2", "model"}),
    "frees the seat with one of two instances": (opening(ReleasesTheWholeDevice), {"S2"}),
    "starts each holder with generation one": (
        rewriting((sql.PUT_HOLDERS, "gen = excluded.gen,", "gen = 1,")),
        {"S6"},
    ),
    # Its programs come back by their tokens, so none is lost: seats are given out twice.
    "replies before the commit": (opening(RepliesBeforeTheCommit), {"S1", "model"}),
    "keeps no record of some ends": (
        rewriting(
            (
                sql.RECORDS,
                "FROM json_each(:rows))",
                "FROM json_each(:rows)) WHERE action <> 'lease.expired'",
            ),
        ),
        {"S15"},
    ),
}
"""Each bug by name: how to open its store, and what must be found."""

PLANTED_IN_RECOVERY: dict[str, tuple[OpenStore, set[str]]] = {
    "counts on from a restored copy": (opening(CountsOnFromItsCopy), {"S6", "model"}),
    "renews tokens that it only honors": (
        rewriting((sql.HONORED, "n.ended_at ||", f"{_LATER} ||")),
        {"model"},
    ),
    "takes seats from who was live at the backup": (opening(ReclaimsAfterDowntime), {"model"}),
}
"""The same for bugs that only show when the ledger was put back to a copy."""
