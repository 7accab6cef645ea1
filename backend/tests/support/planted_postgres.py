"""PostgreSQL stores with one bug each: those of the SQLite store again, and some of their own.

``PLANTED`` are found by the drill, as the SQLite store's (planted_bugs.py). ``RACING`` show only
where two processes meet; duels.py finds them.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from foundation.clock import Clock, utc_now
from leasing.store import Call, Caller, Outcome, Release, Store
from leasing.stores.postgres import PostgresStore
from leasing.stores.postgres import statements as sql
from leasing.stores.postgres.store import _Crossed
from leasing.stores.postgres.transaction import PostgresTransaction
from leasing.stores.sql.transaction import Moment, Transaction
from tests.support.planted_anywhere import (
    CountedBefore,
    Leaking,
    RewrittenConnection,
    of_whole_device,
    rewritten,
)
from tests.support.world import Address, OpenStore


def opening(kind: type[PostgresStore]) -> OpenStore:
    """Return how to open a store of a kind, on a clock of the test's."""
    return lambda database, clock: kind(str(database), clock=clock)


def rewriting(
    *changes: tuple[str, str, str],
    kind: type[PostgresStore] = PostgresStore,
    without_index: str = "",
    own_clock: bool = True,
) -> OpenStore:
    """Return how to open a store in whose statements some words are exchanged.

    Without ``own_clock`` the database tells the time, as in production.
    """
    exchanged = rewritten(*changes)

    def open_store(database: Address, clock: Clock) -> Store:
        store = kind(str(database), clock=clock if own_clock else None)
        if without_index:
            store._connection.execute(f"DROP INDEX IF EXISTS {without_index}")
            store._connection.send()
        connection: Any = store._connection
        store._connection = RewrittenConnection(connection, exchanged)  # type: ignore[assignment]
        return store

    return open_store


class _Altered(PostgresStore):
    """Decides in transactions of another kind."""

    kind: type[PostgresTransaction]

    def _begin(self, *, sees_one_instant: bool) -> PostgresTransaction:
        sound = super()._begin(sees_one_instant=sees_one_instant)
        return self.kind(
            self._connection,
            moment=lambda: Moment(sound.now, sound.hold),
            known=self._known,
            walk=self._walk,
            sees_one_instant=sees_one_instant,
        )


class _CountedBefore(CountedBefore, PostgresTransaction):
    pass


class CountsThenInserts(_Altered):
    """Compares the count of before the batch with the cap; no key stands in the way."""

    kind = _CountedBefore

    def _begin(self, *, sees_one_instant: bool) -> PostgresTransaction:
        self._known.forget_all()
        return super()._begin(sees_one_instant=sees_one_instant)


class ReclaimsAfterDowntime(PostgresStore):
    """Gives the seats of holders away whom its own downtime kept from renewing."""

    def _begin(self, *, sees_one_instant: bool) -> PostgresTransaction:
        transaction = super()._begin(sees_one_instant=sees_one_instant)
        transaction.hold = None
        return transaction


class ReleasesForAnybody(PostgresStore):
    """Asks for the session and not for its owner."""

    def apply(self, calls: Sequence[Call]) -> list[Outcome]:
        return super().apply([self._as_owner(call) for call in calls])

    def _as_owner(self, call: Call) -> Call:
        if not isinstance(call, Release):
            return call
        row = self._connection.execute(
            "SELECT tenant_id::text FROM seat WHERE session_id = %(session)s::uuid",
            {"session": call.session_id},
        ).fetchone()
        owner = Caller(call.caller.principal, row[0]) if row else call.caller
        return Release(owner, call.session_id, call.instance_id)


class ReleasesTheWholeDevice(PostgresStore):
    """Frees the seat with the first instance that leaves it."""

    def apply(self, calls: Sequence[Call]) -> list[Outcome]:
        return super().apply([of_whole_device(call) for call in calls])


class _Leaking(Leaking, PostgresTransaction):
    pass


class ForgetsReleases(_Altered):
    """Counts a released seat as held until it is restarted."""

    kind = _Leaking

    def _begin(self, *, sees_one_instant: bool) -> PostgresTransaction:
        transaction = super()._begin(sees_one_instant=sees_one_instant)
        assert isinstance(transaction, _Leaking)
        transaction.leaked = self.__dict__.setdefault("leaked", Counter())
        return transaction


class RepliesBeforeTheCommit(PostgresStore):
    """Leaves each batch to be committed by the next one; a crash in between loses it."""

    @contextmanager
    def _transaction(self, *, sees_one_instant: bool = False) -> Iterator[PostgresTransaction]:
        self._commit()
        transaction = self._begin(sees_one_instant=sees_one_instant)
        yield transaction
        transaction.begin()
        transaction.changes.write()
        self._connection.send()


_ROWS = "SELECT count(*) FROM seat WHERE tenant_id = tenant AND license_id = license"
_NEXT_ROW = f"({_ROWS}) + row_number() OVER () - 1"
_NOW = "%(now)s::timestamp AT TIME ZONE 'UTC'"
_SOONER = f"{_NOW} + interval '300 seconds'"
_END = "to_char(lease_expires_at AT"

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
            (sql.SEATS_AT_A_VERSION, _NOW, _SOONER),
            (sql.SEAT, _END, "to_char((lease_expires_at - interval '300 seconds') AT"),
        ),
        {"S1", "S2"},
    ),
    "shortens leases when it renews": (
        rewriting(
            (sql.RENEW_SEATS, "w.ends,", "w.ends - interval '250 seconds',"),
            (sql.RENEW_SEATS_AT, "w.ends,", "w.ends - interval '250 seconds',"),
        ),
        {"S2"},
    ),
    "reclaims after its own downtime": (opening(ReclaimsAfterDowntime), {"model"}),
    "denies while a seat is free": (opening(ForgetsReleases), {"S3"}),
    "leaves lapsed seats to the reaper": (
        rewriting(
            (sql.SEATS_AT_A_VERSION, f"AND lease_expires_at > {_NOW})", ")"),
            (sql.SEATS_AT_A_VERSION, f"AND lease_expires_at > {_NOW} AND", "AND false AND"),
        ),
        {"S3"},
    ),
    "takes a second seat on reconnect": (
        rewriting(
            (sql.HOLDINGS_OF_DEVICES, "s.device = w.device", "false"),
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
    "replies before the commit": (opening(RepliesBeforeTheCommit), {"S1", "model"}),
    "keeps no record of some ends": (
        rewriting((sql.RECORDS, " AS w", " AS w WHERE action <> 'lease.expired'")),
        {"S15"},
    ),
}
"""Each bug by name: how to open its store, and what the drill must find."""


def _unlocked(*statements: str) -> type[PostgresStore]:
    class Unlocked(PostgresTransaction):
        def answer(self, statement: str, **values: Any) -> str:
            if statement in statements:
                return Transaction.answer(self, statement, **values)
            return super().answer(statement, **values)

    class ReadsWithoutLocking(_Altered):
        kind = Unlocked

    return ReadsWithoutLocking


class AcknowledgesWhatWasRolledBack(PostgresStore):
    """Takes a deadlock for a nuisance and answers what it had decided."""

    _answered: Any = None

    def _decide(self, decide_all: Any, calls: Any, *, sees_one_instant: bool = False) -> Any:
        with self._transaction(sees_one_instant=sees_one_instant) as transaction:
            self._answered = decide_all(transaction, calls)
        return self._answered

    def _repeated(self, attempt: Callable[[], Any]) -> Any:
        try:
            return attempt()
        except _Crossed:
            return self._answered


def _fast_clock() -> Any:
    return utc_now() + timedelta(seconds=25)


RACING: dict[str, OpenStore] = {
    "grants without locking the license": lambda url, _: _unlocked(sql.TERMS)(str(url)),
    "renews what it read at another instant": rewriting(
        (sql.BEGIN_SNAPSHOT, "ISOLATION LEVEL REPEATABLE READ", ""), own_clock=False
    ),
    "never moves the version of the seats": rewriting(
        (sql.COUNT_VERSIONS, "seats_version.version + 1", "seats_version.version"),
        own_clock=False,
    ),
    "takes a lapsed seat without a second look": rewriting(
        (sql.SEAT, _END, "to_char((lease_expires_at - interval '1 day') AT"), own_clock=False
    ),
    "tells the time by the clock of its node": lambda url, _: PostgresStore(
        str(url), clock=_fast_clock
    ),
    "acknowledges what a deadlock rolled back": lambda url, _: AcknowledgesWhatWasRolledBack(
        str(url)
    ),
}
"""Bugs that need a second process to show, by name: how to open their store."""
