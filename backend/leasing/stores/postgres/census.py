"""Reads of the whole ledger in PostgreSQL, as the role ``leasing``: it sees every tenant's seats.

On a connection of its own: what is read here is in nobody's way, and has its own limits of time.
"""

from typing import Any, Final
from uuid import UUID

import psycopg

from foundation.clock import Clock
from leasing.census import PAGE_SEATS, LicenseSeats, SeatKey, Standing
from leasing.errors import StoreUnavailable
from leasing.rules import hold_seen_at
from leasing.stores.postgres import statements
from leasing.stores.postgres.connection import ReconnectingConnection
from leasing.stores.sql.state import noted_from
from leasing.stores.sql.transaction import as_instant, as_text

_BEFORE_ALL: Final = SeatKey(str(UUID(int=0)), str(UUID(int=0)), -1)


class PostgresCensus:
    """Reads through connections that last until ``close``. ``url`` is the leasing plane's.

    The clock is the database's, unless ``clock`` is given, for tests.
    """

    def __init__(
        self, url: str, *, clock: Clock | None = None, page_seats: int = PAGE_SEATS
    ) -> None:
        self._connection = ReconnectingConnection(url)
        self._clock = clock
        self._page_seats = page_seats

    def page(self, after: SeatKey | None) -> list[LicenseSeats]:
        """Return the next seats by license. Raises StoreUnavailable."""
        place = after or _BEFORE_ALL
        values = {
            "tenant": place.tenant,
            "license": place.license,
            "slot": place.slot,
            "most": self._page_seats,
            "now": as_text(self._clock()) if self._clock else None,
        }
        return [LicenseSeats(*row) for row in self._rows(statements.CENSUS_PAGE, values)]

    def standing(self) -> Standing:
        """Return the state of the ledger itself. Raises StoreUnavailable."""
        clock, since, silent_since, most_connections = self._rows(statements.STANDING, {})[0]
        now = self._clock() if self._clock else as_instant(clock)
        return Standing(
            now, hold_seen_at(noted_from(None, since, silent_since).hold, now), most_connections
        )

    def close(self) -> None:
        """Close the connection; the next read makes another."""
        self._connection.close()

    def _rows(self, statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        try:
            self._connection.execute(statements.BEGIN)
            self._connection.execute(statements.WITHIN_TRANSACTION)
            answer = self._connection.execute(statement, values)
            self._connection.execute(statements.COMMIT)
            self._connection.send()
        except psycopg.Error as error:
            self._connection.roll_back()
            raise StoreUnavailable(f"the ledger failed: {type(error).__name__}") from error
        return answer.fetchall()
