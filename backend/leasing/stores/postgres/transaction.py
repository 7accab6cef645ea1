"""One open transaction of the PostgreSQL store: it locks what it is going to decide about."""

from typing import Any

from leasing.stores.postgres.statements import LOCKED_FIRST
from leasing.stores.sql.transaction import Transaction


class PostgresTransaction(Transaction):
    """A transaction beside those of other processes.

    Rows are locked by a statement of their own. The one that then reads them sees in every table
    what the last holder of the lock committed; one that locks and reads would see that in the
    locked table alone.
    """

    def answer(self, statement: str, **values: Any) -> str:
        """Return the one text that a query answers, after locking what a batch may change."""
        if lock := LOCKED_FIRST.get(statement):
            self.run(lock, wanted=values["wanted"])
        return super().answer(statement, **values)
