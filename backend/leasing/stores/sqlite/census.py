"""Reads of the whole ledger in SQLite: a writer never waits for them, nor they for him."""

import sqlite3
from pathlib import Path
from typing import Any, Final

from foundation.clock import Clock, utc_now
from leasing.census import PAGE_SEATS, LicenseSeats, SeatKey, Standing
from leasing.errors import StoreUnavailable
from leasing.rules import hold_seen_at
from leasing.stores.sql.state import noted_from
from leasing.stores.sql.transaction import as_text
from leasing.stores.sqlite import statements

_BEFORE_ALL: Final = SeatKey("", "", -1)


class SqliteCensus:
    """Reads through connections that cannot write, and last until ``close``."""

    def __init__(
        self, database: Path, *, clock: Clock = utc_now, page_seats: int = PAGE_SEATS
    ) -> None:
        self._address = f"{database.absolute().as_uri()}?mode=ro"
        self._clock = clock
        self._page_seats = page_seats
        self._connection: sqlite3.Connection | None = None

    def page(self, after: SeatKey | None) -> list[LicenseSeats]:
        """Return the next seats by license. Raises StoreUnavailable."""
        place = after or _BEFORE_ALL
        values = {
            "tenant": place.tenant,
            "license": place.license,
            "slot": place.slot,
            "most": self._page_seats,
            "now": as_text(self._clock()),
        }
        return [LicenseSeats(*row) for row in self._rows(statements.CENSUS_PAGE, values)]

    def standing(self) -> Standing:
        """Return the state of the ledger itself. Raises StoreUnavailable."""
        now = self._clock()
        row = next(iter(self._rows(statements.READ_STATE, {})), (None, None, None))
        return Standing(now, hold_seen_at(noted_from(*row).hold, now), None)

    def close(self) -> None:
        """Close the connection; the next read makes another."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _rows(self, statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        try:
            if self._connection is None:
                self._connection = sqlite3.connect(self._address, uri=True)
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            self.close()
            raise StoreUnavailable(f"the ledger failed: {error}") from error
