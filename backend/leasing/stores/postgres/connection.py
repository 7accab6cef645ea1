"""The connection of one store, made anew when it broke."""

from collections.abc import Mapping
from typing import Any, Final

import psycopg
from psycopg.abc import RV, PQGen
from psycopg.conninfo import conninfo_to_dict, make_conninfo

CONNECT_SECONDS: Final = 5
ANSWER_SECONDS: Final = 6  # the server itself ends a statement after 4 (statements.BEGIN)
_USUAL: Final[dict[str, Any]] = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": 4,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "tcp_user_timeout": 8_000,
}
"""A peer that says nothing at all counts as gone after 8 s. By default Linux waits a quarter of an
hour for what was sent, and two hours for what is awaited (tcp(7))."""
_USES_BEFORE_PREPARED: Final = 2
_Cursor = psycopg.Cursor[tuple[Any, ...]]


class _ImpatientConnection(psycopg.Connection[tuple[Any, ...]]):
    """A connection that gives up on a server, a pooler or a network that has fallen silent.

    No timeout of the server's helps there, and TCP's own see no fault while the peer's kernel
    acknowledges what a stopped process never reads.
    """

    def wait(self, gen: PQGen[RV], interval: float = 0.5, timeout: float | None = None) -> RV:
        """Consume a generator of psycopg's. Raises an OperationalError after ANSWER_SECONDS."""
        return super().wait(gen, interval, ANSWER_SECONDS if timeout is None else timeout)


class ReconnectingConnection:
    """One connection at a time to the database at ``url``.

    Nothing is prepared on the server and nothing is left in its session, as a pooler in transaction
    mode needs it; with ``prepares`` the server keeps the plan of each statement. What ``url`` says
    about time limits of connections wins over what is usual here.
    """

    def __init__(self, url: str, *, prepares: bool = False) -> None:
        self._url = url
        self._prepares = prepares
        self._open: _ImpatientConnection | None = None

    def execute(self, statement: str, values: Mapping[str, Any] | None = None, /) -> _Cursor:
        """Run one statement with named values, connecting first when there is no connection.

        Raises the errors of psycopg. A connection that breaks takes its open transaction along.
        """
        if self._open is None:
            self._open = self._connect()
        prepare = None if values else False  # BEGIN is many statements, which cannot be prepared
        return self._open.execute(statement.encode(), values, prepare=prepare)

    def roll_back(self) -> None:
        """Leave the connection fit for the next transaction, or leave it.

        One that still owes an answer takes no further statement: it is closed.
        """
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

    def _connect(self) -> _ImpatientConnection:
        return _ImpatientConnection.connect(
            make_conninfo(**{**_USUAL, **conninfo_to_dict(self._url)}),
            autocommit=True,
            prepare_threshold=_USES_BEFORE_PREPARED if self._prepares else None,
            application_name="license-leasing",
        )
