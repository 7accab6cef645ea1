"""The store: a batch in, one durable transaction for each kind of call, one outcome for each."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

import psycopg
from psycopg import errors

from coditect_license_token import TokenError
from foundation import tracing
from foundation.clock import Clock
from leasing.errors import StoreUnavailable
from leasing.rules import Hold
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
from leasing.stores.postgres import statements
from leasing.stores.postgres.connection import ReconnectingConnection
from leasing.stores.postgres.known import Known
from leasing.stores.postgres.pipeline import Answer
from leasing.stores.postgres.transaction import PostgresTransaction
from leasing.stores.postgres.walk import Walk
from leasing.stores.sql.acquire import acquire_all
from leasing.stores.sql.borrow import borrow_all
from leasing.stores.sql.extend import extend
from leasing.stores.sql.force_release import force_release_all
from leasing.stores.sql.heartbeat import renew_all
from leasing.stores.sql.kinds import of_kind
from leasing.stores.sql.reap import reap
from leasing.stores.sql.reinstate import reinstate_all
from leasing.stores.sql.release import release_all
from leasing.stores.sql.session_state import inspect_all
from leasing.stores.sql.state import Noted, hold_now, hold_values, noted_from
from leasing.stores.sql.transaction import Moment, Transaction, as_instant, as_text

_TICK: Final = timedelta(seconds=5)
_MOST_TRIES: Final = 4

_Call = TypeVar("_Call", Heartbeat, Reinstate, Release, ForceRelease, Acquire, Borrow, Inspect)
_DecideAll = Callable[[Transaction, Mapping[int, _Call]], dict[int, Outcome]]
_Result = TypeVar("_Result")
_Row = tuple[Any, ...]
_NO_STATE: Final = (None,) * 6
_CROSSED: Final = (errors.DeadlockDetected, errors.SerializationFailure)
_NO_ROLE: Final = (errors.InsufficientPrivilege, errors.InvalidParameterValue)
_REFUSED: Final = (
    psycopg.DataError,
    psycopg.IntegrityError,
    OverflowError,
    UnicodeError,
    TokenError,
)


class PostgresStore:
    """The ledger in one PostgreSQL database, which other processes may use at the same time.

    ``url`` names a migrated database. The lease clock is the database's, unless ``clock`` is given,
    for tests. What a batch decides about is locked and read in its transaction; how full a license
    is is remembered from one to the next, together with the version of its seats.
    ``was_restored`` says that the database lost commits and cannot know it. ``prepares`` has the
    database keep plans, which takes a connection of one's own: not through a pooler that hands
    connections on with each transaction. ``seats_per_person`` is the personal cap of licenses that
    name none; 0 is none.
    """

    def __init__(
        self,
        url: str,
        *,
        clock: Clock | None = None,
        was_restored: bool = False,
        prepares: bool = False,
        seats_per_person: int = 0,
    ) -> None:
        self._seats_per_person = seats_per_person
        self._clock = clock
        self._prepares = prepares
        self._connection = ReconnectingConnection(url, prepares=prepares)
        self._known = Known()
        self._walk = Walk()
        self._was_restored = was_restored
        self._to_note: list[tuple[str, dict[str, Any]]] = []
        try:
            self.tick()
        except StoreUnavailable:
            self._connection.close()
            raise
        self._was_restored = False

    def apply(self, calls: Sequence[Call]) -> list[Outcome]:
        """Decide and commit a batch, kind by kind; one outcome for each call, in order.

        A kind that could not be committed, or of which that is not known, has StoreUnavailable
        for its outcomes: the same calls repeat safely.
        """
        outcomes: dict[int, Outcome] = {}
        outcomes |= self._apply_kind(renew_all, of_kind(Heartbeat, calls))
        outcomes |= self._apply_kind(release_all, of_kind(Release, calls))
        outcomes |= self._apply_kind(force_release_all, of_kind(ForceRelease, calls))
        outcomes |= self._apply_kind(reinstate_all, of_kind(Reinstate, calls))
        outcomes |= self._apply_kind(acquire_all, of_kind(Acquire, calls))
        outcomes |= self._apply_kind(inspect_all, of_kind(Inspect, calls))
        if len(outcomes) < len(calls):  # loans are rare: no heartbeat is asked whether it is one
            outcomes |= self._apply_kind(borrow_all, of_kind(Borrow, calls))
        return [outcomes[place] for place in range(len(calls))]

    def reap(self, most: int) -> int:
        """End up to ``most`` sessions whose lease has lapsed; return how many."""
        return self._repeated(lambda: self._reap(most))

    def extend(self, asked: Extension) -> Extended:
        """Have the live leases of one page of seats end later."""
        return self._repeated(lambda: self._extend(asked))

    def tick(self) -> None:
        """Note durably that the ledger is alive, and whether it had been away."""
        self._repeated(self._tick)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _apply_kind(
        self, decide_all: _DecideAll[_Call], calls: Mapping[int, _Call]
    ) -> dict[int, Outcome]:
        if not calls:
            return {}
        try:
            return self._decided(decide_all, calls)
        except _Poisoned as error:
            if len(calls) == 1:
                return dict.fromkeys(calls, StoreUnavailable(str(error)))
        except StoreUnavailable as error:
            return dict.fromkeys(calls, error)
        alone = [self._apply_kind(decide_all, {place: call}) for place, call in calls.items()]
        return {place: outcome for one in alone for place, outcome in one.items()}

    def _decided(
        self, decide_all: _DecideAll[_Call], calls: Mapping[int, _Call]
    ) -> dict[int, Outcome]:
        """Decide without locks where nobody is likely to be in the way, else with them.

        A session beats through one process at a time.
        """
        if decide_all is renew_all:
            with suppress(_Crossed):
                return self._decide(decide_all, calls, sees_one_instant=True)
        return self._repeated(lambda: self._decide(decide_all, calls))

    def _decide(
        self,
        decide_all: _DecideAll[_Call],
        calls: Mapping[int, _Call],
        *,
        sees_one_instant: bool = False,
    ) -> dict[int, Outcome]:
        with (
            tracing.span("transaction", db__system__name="postgresql"),
            self._transaction(sees_one_instant=sees_one_instant) as transaction,
        ):
            return decide_all(transaction, calls)

    def _reap(self, most: int) -> int:
        with self._transaction() as transaction:
            return reap(transaction, most)

    def _extend(self, asked: Extension) -> Extended:
        with self._transaction() as transaction:
            return extend(transaction, asked)

    def _tick(self) -> None:
        with self._transaction():
            pass

    def _repeated(self, attempt: Callable[[], _Result]) -> _Result:
        """Try again when another transaction stood in the way, as in a deadlock."""
        for _ in range(_MOST_TRIES - 1):
            try:
                return attempt()
            except _Crossed:
                continue
        return attempt()

    @contextmanager
    def _transaction(self, *, sees_one_instant: bool = False) -> Iterator[PostgresTransaction]:
        try:
            transaction = self._begin(sees_one_instant=sees_one_instant)
            yield transaction
            transaction.begin()
            transaction.changes.write()
            self._commit()
        except BaseException as error:
            self._known.forget_all()
            self._connection.roll_back()
            translated = _translated(error)
            if translated is error:
                raise
            raise translated from error

    def _commit(self) -> None:
        """Note what is to be noted of the ledger and commit, with what was written before.

        All processes write that one row. Nobody waits for another lock while he has it.
        """
        for statement, values in self._to_note:
            self._connection.execute(statement, values)
        self._connection.execute(statements.COMMIT)
        self._connection.send()

    def _begin(self, *, sees_one_instant: bool) -> PostgresTransaction:
        """Begin a transaction with the first statement that it sends."""
        self._to_note = []
        begin = statements.BEGIN_SNAPSHOT if sees_one_instant else statements.BEGIN
        self._connection.execute(begin)
        if not self._prepares:
            self._connection.execute(statements.WITHIN_TRANSACTION)
        state = self._connection.execute(statements.READ_STATE, {})
        return PostgresTransaction(
            self._connection,
            moment=lambda: self._moment(state),
            known=self._known,
            walk=self._walk,
            sees_one_instant=sees_one_instant,
            seats_per_person=self._seats_per_person,
        )

    def _moment(self, state: Answer) -> Moment:
        """Return the instant that a transaction has begun at, noting what that changes."""
        clock, timeline, known_timeline, *noted = _read(state)
        if clock is None:
            raise StoreUnavailable("the database does not tell the time")
        now = self._clock() if self._clock else as_instant(clock)
        lost_commits = self._was_restored or known_timeline not in {None, timeline}
        noted_before = noted_from(*noted)
        hold = hold_now(noted_before, now, lost_commits=lost_commits)
        self._to_note = _notes(noted_before, now, timeline, hold)
        self._known.is_now(now, hold)
        return Moment(now, hold)


def _notes(
    noted: Noted, now: datetime, timeline: str, hold: Hold | None
) -> list[tuple[str, dict[str, Any]]]:
    """Return what to note of the ledger: a stamp every few seconds, and a hold at once."""
    last, is_another = noted.last_alive_at, hold != noted.hold
    notes: list[tuple[str, dict[str, Any]]] = []
    if last is None or is_another or abs(now - last) >= _TICK:
        notes.append((statements.STAMP, {"alive": as_text(now), "timeline": timeline}))
    if is_another:
        notes.append((statements.HOLD, hold_values(hold)))
    return notes


def _read(state: Answer) -> _Row:
    """Return the state of the ledger, which comes with all that was sent to begin."""
    try:
        return state.fetchone() or _NO_STATE
    except _NO_ROLE as error:
        raise StoreUnavailable(
            f"the ledger's login cannot act as the role leasing: {error.diag.message_primary}"
            " (docs/how-to/database-roles.md)"
        ) from error


class _Poisoned(StoreUnavailable):
    """One call cannot be written; nothing of its kind was."""


class _Crossed(StoreUnavailable):
    """Another transaction stood in the way; nothing was committed."""


def _translated(error: BaseException) -> BaseException:
    """Return what a failed transaction means to the caller."""
    name = type(error).__name__
    if isinstance(error, _CROSSED):
        return _Crossed(f"the ledger is contended: {name}")
    if isinstance(error, _REFUSED):
        return _Poisoned(f"the ledger refused a value: {name}")
    if isinstance(error, psycopg.Error):
        return StoreUnavailable(f"the ledger failed: {name}")
    return error
