"""The store: a batch in, one durable transaction, one outcome for each call."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from coditect_license_token import TokenError
from foundation import tracing
from foundation.clock import Clock, utc_now
from leasing import counts
from leasing.errors import StoreUnavailable
from leasing.occupancy import Occupancy
from leasing.rules import Hold, Terms
from leasing.store import (
    Acquire,
    Borrow,
    Call,
    Extended,
    Extension,
    ForceRelease,
    Heartbeat,
    Inspect,
    Outcome,
    Reinstate,
    Release,
)
from leasing.stores.gate import WriteGate
from leasing.stores.sql.acquire import acquire_all
from leasing.stores.sql.borrow import borrow_all
from leasing.stores.sql.extend import extend
from leasing.stores.sql.force_release import force_release_all
from leasing.stores.sql.heartbeat import renew_all
from leasing.stores.sql.kinds import of_kind
from leasing.stores.sql.reap import reap
from leasing.stores.sql.reinstate import reinstate_all
from leasing.stores.sql.release import release_all
from leasing.stores.sql.remembered import Remembered
from leasing.stores.sql.renewals import Row
from leasing.stores.sql.session_state import inspect_all
from leasing.stores.sql.state import Noted, hold_now, hold_values, noted_from
from leasing.stores.sql.transaction import Moment, TermsAsked, Transaction, as_text
from leasing.stores.sqlite import statements
from leasing.stores.sqlite.alive_mark import AliveMark

_TICK: Final = timedelta(seconds=5)
_BUSY_TIMEOUT_SECONDS: Final = 5
_CHECKPOINT_PAGES: Final = 8_192  # 32 MiB: SQLite's 1,000 would mean one every few batches
_MOST_REMEMBERED: Final = 10_000


class SqliteStore:
    """The ledger in one SQLite file, written by one thread.

    ``database`` has been migrated. ``clock`` is the lease clock: on one machine the host's.
    Every write passes the file's write gate. ``was_restored`` says that the file lost commits and
    cannot know it. ``seats_per_person`` is the personal cap of licenses that name none; 0 is none.
    """

    def __init__(
        self,
        database: Path,
        *,
        clock: Clock = utc_now,
        was_restored: bool = False,
        seats_per_person: int = 0,
    ) -> None:
        self._seats_per_person = seats_per_person
        self._clock = clock
        self._gate = WriteGate(database)
        self._mark = AliveMark(database)
        self._connection = _connect(database)
        self._occupancies: dict[str, Occupancy] = {}
        self._terms: dict[TermsAsked, Terms] = {}
        self._remembered: Remembered[Row] = Remembered(most=_MOST_REMEMBERED)
        self._foreign_commits = -1
        self._decided_at = clock()
        self._last_alive_at: datetime | None = None
        self._hold: Hold | None = None
        self._was_restored = was_restored
        self._is_closed = False
        counts.connections.note(self, lambda store: not store._is_closed)  # noqa: SLF001  itself
        self.tick()
        self._was_restored = False

    def apply(self, calls: Sequence[Call]) -> list[Outcome]:
        """Decide and commit a batch; one outcome for each call, in order.

        Raises StoreUnavailable when SQLite fails; nothing was committed then, or the same
        calls repeat safely.
        """
        try:
            return self._apply_together(calls)
        except _Poisoned:
            return [self._apply_alone(call) for call in calls]

    def reap(self, most: int) -> int:
        """End up to ``most`` sessions whose lease has lapsed; return how many."""
        with self._transaction() as transaction:
            return reap(transaction, most)

    def extend(self, asked: Extension) -> Extended:
        """Have the live leases of one page of seats end later."""
        with self._transaction() as transaction:
            return extend(transaction, asked)

    def tick(self) -> None:
        """Note durably that the ledger is alive, and whether it had been away."""
        with self._transaction():
            pass

    def data_version(self) -> int:
        """Return SQLite's number of what others committed. For whoever is in the write gate.

        A closed store remembers nothing that could be out of date: 0.
        """
        if self._is_closed:
            return 0
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        return int(version)

    def overlook(self, before: int, after: int) -> None:
        """Go on remembering over a commit that changed nothing of what is known by heart.

        For whoever is in the write gate: from any thread, for this one waits outside. A commit
        before it that was not seen yet still counts.
        """
        if self._foreign_commits == before:
            self._foreign_commits = after

    def close(self) -> None:
        """Note the last moment alive and close the file."""
        self._last_alive_at = None
        try:
            self.tick()
        finally:
            self._is_closed = True
            self._connection.close()
            self._gate.close()
            self._mark.close()

    def _apply_together(self, calls: Sequence[Call]) -> list[Outcome]:
        outcomes: dict[int, Outcome] = {}
        with (
            tracing.span("transaction", db__system__name="sqlite"),
            self._transaction() as transaction,
        ):
            outcomes |= renew_all(transaction, of_kind(Heartbeat, calls))
            outcomes |= release_all(transaction, of_kind(Release, calls))
            outcomes |= force_release_all(transaction, of_kind(ForceRelease, calls))
            outcomes |= reinstate_all(transaction, of_kind(Reinstate, calls))
            outcomes |= acquire_all(transaction, of_kind(Acquire, calls))
            outcomes |= inspect_all(transaction, of_kind(Inspect, calls))
            if len(outcomes) < len(
                calls
            ):  # loans are rare: no heartbeat is asked whether it is one
                outcomes |= borrow_all(transaction, of_kind(Borrow, calls))
        return [outcomes[place] for place in range(len(calls))]

    def _apply_alone(self, call: Call) -> Outcome:
        try:
            return self._apply_together([call])[0]
        except _Poisoned as error:
            return StoreUnavailable(str(error))

    @contextmanager
    def _transaction(self) -> Iterator[Transaction]:
        self._gate.acquire()
        try:
            # This way, and commit() below, hand the interpreter over once: docs/adr/0040.
            self._connection.executescript("BEGIN IMMEDIATE")
            transaction = self._begin(self._clock())
            yield transaction
            transaction.changes.write()
            self._commit()
            if self._last_alive_at == transaction.now:
                self._mark.write(transaction.now)
        except BaseException as error:
            self._roll_back()
            translated = _translated(error)
            if translated is error:
                raise
            raise translated from error
        finally:
            self._gate.release()

    def _commit(self) -> None:
        """Commit. Raises OperationalError when SQLite has ended the transaction by itself."""
        if not self._connection.in_transaction:
            raise sqlite3.OperationalError("the transaction is gone")  # commit() would not say so
        self._connection.commit()

    def _begin(self, now: datetime) -> Transaction:
        self._forget_what_changed(now)
        self._keep_alive(now)
        return Transaction(
            self._connection,
            statements,
            moment=lambda: Moment(now, self._hold),
            terms=self._terms,
            occupancies=self._occupancies,
            remembered=self._remembered,
            seats_per_person=self._seats_per_person,
        )

    def _forget_what_changed(self, now: datetime) -> None:
        """Forget what is known by heart after others wrote, or when the clock went back (S13)."""
        version = self.data_version()
        is_foreign, is_back = version != self._foreign_commits, now < self._decided_at
        if is_foreign or is_back or len(self._terms) > _MOST_REMEMBERED:
            self._occupancies.clear()
            self._terms.clear()
            self._remembered.clear()
        if is_foreign:  # it may have been a hold, or an older copy of the file
            self._last_alive_at = None
        self._foreign_commits, self._decided_at = version, now

    def _keep_alive(self, now: datetime) -> None:
        """Stamp the ledger every few seconds; after a gap, hold reclaims from now on."""
        if self._last_alive_at is not None and abs(now - self._last_alive_at) < _TICK:
            return
        row = self._connection.execute(statements.READ_STATE).fetchone() or (None,) * 3
        noted = noted_from(*row)
        self._hold = hold_now(noted, now, lost_commits=self._has_lost_commits(noted))
        self._connection.execute(statements.STAMP, {"alive": as_text(now)})
        if self._hold != noted.hold:
            self._connection.execute(statements.HOLD, hold_values(self._hold))
            self._occupancies.clear()
        self._last_alive_at = now

    def _has_lost_commits(self, noted: Noted) -> bool:
        """Tell whether the file is older than one that was served in its place."""
        mark, last_alive_at = self._mark.read(), noted.last_alive_at
        is_older = mark is not None and last_alive_at is not None and last_alive_at < mark
        return self._was_restored or is_older

    def _roll_back(self) -> None:
        self._occupancies.clear()
        self._remembered.clear()
        self._last_alive_at = None
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")


class _Poisoned(StoreUnavailable):
    """One call of a batch cannot be written; the batch was rolled back."""


def _translated(error: BaseException) -> BaseException:
    """Return what a failed transaction means to the caller."""
    if isinstance(error, sqlite3.OperationalError):
        return StoreUnavailable(f"the ledger failed: {error}")
    if isinstance(error, sqlite3.Error | OverflowError | UnicodeError | TokenError):
        return _Poisoned(f"the ledger refused a value: {type(error).__name__}")
    return error


def _connect(database: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{database.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=_BUSY_TIMEOUT_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=64,
    )
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA temp_store = MEMORY")  # else each page changed goes to a file too
    connection.execute("PRAGMA secure_delete = ON")  # what was erased is in no free page (ADR 22)
    connection.execute("PRAGMA cache_size = -32768")
    connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
    return connection
