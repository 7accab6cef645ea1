"""One open transaction of the PostgreSQL store: it locks what it is going to decide about."""

from datetime import datetime
from typing import Any

from leasing.occupancy import Occupancy
from leasing.rules import Hold, Terms
from leasing.stores.postgres import statements
from leasing.stores.postgres.changes import Known, PostgresChanges
from leasing.stores.sql.dialect import Connection
from leasing.stores.sql.transaction import Transaction, as_hex


class PostgresTransaction(Transaction):
    """A transaction beside those of other processes.

    Rows are locked by a statement of their own. The one that then reads them sees in every table
    what the last holder of the lock committed; one that locks and reads would see that in the
    locked table alone. With ``sees_one_instant`` nothing is locked: all statements see the same
    instant, and the database fails the one that changes a row which somebody changed since.
    What is ``known`` by heart counts only at the version that stands.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        now: datetime,
        hold: Hold | None,
        known: Known,
        sees_one_instant: bool,
    ) -> None:
        super().__init__(
            connection,
            statements,
            now=now,
            hold=hold,
            terms={},
            occupancies=known.occupancies,
            changes=PostgresChanges(connection, known),
        )
        self._known = known
        self._locks_first = not sees_one_instant
        self._looked_at: set[str] = set()

    def answer(self, statement: str, **values: Any) -> str:
        """Return the one text that a query answers, after locking what a batch may change."""
        lock = statements.LOCKED_FIRST.get(statement)
        if lock is not None and self._locks_first:
            self.run(lock, wanted=values["wanted"])
        return super().answer(statement, **values)

    def occupancy(self, terms: Terms) -> Occupancy:
        """Return how full a license is; its license is locked, so nobody else grants meanwhile."""
        license_ = as_hex(terms.license_id)
        if license_ not in self._looked_at:
            self._looked_at.add(license_)
            of_license = {"tenant": as_hex(terms.tenant_id), "license": license_}
            (version,) = self.one(statements.VERSION, **of_license) or (0,)
            self._known.is_at(license_, version)
        return super().occupancy(terms)
