"""The connection of one store, made anew when it broke."""

from collections.abc import Mapping
from typing import Any, Final

import psycopg

_CONNECT_SECONDS: Final = 5
_Cursor = psycopg.Cursor[tuple[Any, ...]]


class ReconnectingConnection:
    """One connection at a time to the database at ``url``.

    Nothing is prepared on the server, as a pooler in transaction mode would need it.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._open: psycopg.Connection[tuple[Any, ...]] | None = None

    def execute(self, statement: str, values: Mapping[str, Any] | None = None, /) -> _Cursor:
        """Run one statement with named values, connecting first when there is no connection.

        Raises the errors of psycopg. A connection that breaks takes its open transaction along.
        """
        if self._open is None:
            self._open = self._connect()
        return self._open.execute(statement.encode(), values)

    def roll_back(self) -> None:
        """Leave the connection fit for the next transaction, or leave it."""
        if self._open is None:
            return
        try:
            self._open.execute("ROLLBACK")
        except psycopg.Error:
            self.close()

    def close(self) -> None:
        """Close the connection; the next statement makes another."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(
            self._url,
            autocommit=True,
            prepare_threshold=None,
            connect_timeout=_CONNECT_SECONDS,
            application_name="license-leasing",
        )
