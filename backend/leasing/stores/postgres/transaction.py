"""One open transaction of the PostgreSQL store: it locks what it is going to decide about."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from leasing.occupancy import Occupancy
from leasing.rules import Terms
from leasing.stores.postgres import statements
from leasing.stores.postgres.changes import PostgresChanges
from leasing.stores.postgres.known import Known, Told
from leasing.stores.postgres.rows import Held
from leasing.stores.postgres.walk import Walk
from leasing.stores.sql.changes import ENCODER
from leasing.stores.sql.dialect import Connection, Cursor
from leasing.stores.sql.renewals import Row
from leasing.stores.sql.terms import read_terms
from leasing.stores.sql.transaction import (
    SYSTEM,
    Moment,
    Seen,
    Transaction,
    as_hex,
    ending_at,
    seats_wanted,
)

_CHANGES: Final = msgspec.json.Decoder(list[tuple[str, int, list[Told]]])
_COUNTED: Final = msgspec.json.Decoder(tuple[int, int])
_ENDING: Final = msgspec.json.Decoder(list[tuple[str, int]])
_HELD: Final = msgspec.json.Decoder(list[Held])
_TERMS: Final = msgspec.json.Decoder(list[tuple[int, msgspec.Raw]])
_SLOTS: Final = msgspec.json.Decoder(list[int])


class PostgresTransaction(Transaction):
    """A transaction beside those of other processes.

    Rows are locked by a statement of their own. The one that then reads them sees in every table
    what the last holder of the lock committed; one that locks and reads would see that in the
    locked table alone. With ``sees_one_instant`` nothing is locked: all statements see the same
    instant, and the database fails the one that changes a row which somebody changed since.
    What is ``known`` by heart counts only at the version that stands.

    It was begun, but not sent yet: ``moment`` sends it and reads the answer. The first question of
    a batch is asked before, so that it goes along.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        moment: Callable[[], Moment],
        known: Known,
        walk: Walk,
        sees_one_instant: bool,
        seats_per_person: int = 0,
    ) -> None:
        self._changes = PostgresChanges(connection, known)
        super().__init__(
            connection,
            statements,
            moment=moment,
            terms={},
            occupancies=known.occupancies,
            changes=self._changes,
            seats_per_person=seats_per_person,
        )
        self._known = known
        self._walk = walk
        self._locks_first = not sees_one_instant
        self._heard: set[str] = set()

    def begin(self) -> None:
        """See to it that the transaction has begun: what is known depends on its moment."""
        _ = self.now

    def run(self, statement: str, **values: Any) -> Cursor:
        """Execute one statement with named values."""
        cursor = super().run(statement, **values)
        self.begin()
        return cursor

    def answer(self, statement: str, **values: Any) -> str:
        """Return the one text that a query answers, after locking what a batch may change."""
        lock = statements.LOCKED_FIRST.get(statement)
        if lock is not None and self._locks_first:
            self._connection.execute(lock, {"wanted": values["wanted"]})
        return super().answer(statement, **values)

    def holdings(
        self,
        wanted: list[tuple[Any, ...]],
        decode: Callable[[str], list[Row]],  # noqa: ARG002  what is answered here is decoded here
    ) -> list[Row]:
        """Return what is held by sessions; the terms of licenses are read once for each version."""
        held = _HELD.decode(self.found(statements.HELD, wanted))
        new = {one.place: one for one in held if not self._known.has_terms_of(one)}
        if new:
            tenants = {place: tenant for place, tenant, *_ in wanted}
            self._learn_terms([(at, tenants[at], one.license) for at, one in new.items()], new)
        return [self._row(one) for one in held]

    def _learn_terms(self, wanted: list[tuple[int, str, str]], new: Mapping[int, Held]) -> None:
        """Learn the terms of licenses, without locking them. Where locks are taken, they may be of
        a later version than was read before: they are those that stand.
        """
        text = super().answer(statements.TERMS_OF_LICENSES, wanted=ENCODER.encode(wanted).decode())
        for place, terms in _TERMS.decode(text):
            self._known.learn_terms(new[place], read_terms(terms))

    def _row(self, held: Held) -> Row:
        return Row(
            held.place,
            self._known.terms_of(held),
            held.holding,
            held.instance_known,
            held.has_instances,
            held.seat_at,
        )

    def lapsed_anywhere(self, most: int) -> list[tuple[Any, ...]]:
        """Return up to ``most`` lapsed seats of the next stretch of the walk, locked."""
        wanted = self._walk.go_on(self.one, now=self.now_text, most=most)
        if not wanted:
            return []
        rows = ENCODER.encode(wanted).decode()
        return self.run(
            statements.LAPSED_ANYWHERE, wanted=rows, now=self.now_text, most=most
        ).fetchall()

    def look_at(self, many: Iterable[Terms]) -> None:
        """Hear what other processes changed; licenses are locked, so nobody grants meanwhile."""
        wanted = [
            (as_hex(terms.tenant_id), license_, version)
            for terms in many
            if (license_ := as_hex(terms.license_id)) not in self._heard
            and (version := self._known.version(license_)) is not None
        ]
        self._heard.update(license_ for _, license_, _ in wanted)
        for license_, version, told in _CHANGES.decode(
            self.found(statements.CHANGES_SINCE, wanted)
        ):
            self._known.hear(license_, version, told)

    def occupancy(self, terms: Terms) -> Occupancy:
        """Return how full a license is; its license is locked, so nobody else grants meanwhile."""
        self.look_at([terms])
        return super().occupancy(terms)

    def look_at_seats(self, terms: Terms, since: datetime, horizon: datetime) -> Seen:
        """Look at every seat of a license, at one instant, and at their version."""
        license_ = as_hex(terms.license_id)
        row = self.one(statements.SEATS_AT_A_VERSION, **seats_wanted(terms, since, horizon))
        if row is None:
            raise AssertionError("a look at seats finds a row")
        counted, ending, lapsed, version = row
        self._heard.add(license_)
        self._known.looked_at(license_, version)
        live, rows = _COUNTED.decode(counted)
        return Seen(live, rows, ending_at(_ENDING.decode(ending)), set(_SLOTS.decode(lapsed)))

    def end_session(
        self,
        *,
        tenant: str,
        license: str,
        slot: int,
        session: str,
        reason: str,
        lease_expires_at: datetime,
        principal: str = SYSTEM,
        is_forced: bool = False,
        **details: Any,
    ) -> None:
        """End a session and have other processes told."""
        super().end_session(
            tenant=tenant,
            license=license,
            slot=slot,
            session=session,
            reason=reason,
            lease_expires_at=lease_expires_at,
            principal=principal,
            is_forced=is_forced,
            **details,
        )
        self._changes.freed(tenant, license, slot, lease_expires_at)
