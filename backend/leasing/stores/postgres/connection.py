"""The connection of one store, made anew when it broke."""

from collections.abc import Mapping
from typing import Any, Final

import psycopg
from psycopg.abc import RV, PQGen
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import TransactionStatus

from leasing import counts
from leasing.stores.postgres import statements
from leasing.stores.postgres.pipeline import Answer, Asked, Pipeline, ask

CONNECT_SECONDS: Final = 5
ANSWER_SECONDS: Final = 6  # the server itself ends a statement after 4 (statements/state.py)
_USUAL: Final[dict[str, Any]] = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": 4,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "tcp_user_timeout": 8_000,
}
"""A peer that says nothing at all counts as gone after 8 s. By default Linux waits a quarter of an
hour for what was sent, and two hours for what is awaited (tcp(7))."""


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
    mode needs it. With ``prepares`` the server keeps the plan of each statement, and the session
    what WITHIN_TRANSACTION would say again each time. What ``url`` says about time limits of
    connections wins over what is usual here.
    """

    def __init__(self, url: str, *, prepares: bool = False) -> None:
        self._url = url
        self._prepares = prepares
        self._open: _ImpatientConnection | None = None
        self._pipeline: Pipeline | None = None
        self._waiting: list[Asked] = []

    def execute(self, statement: str, values: Mapping[str, Any] | None = None, /) -> Answer:
        """Have one statement run, when an answer is looked at or at ``send``, in order.

        Without ``values`` it is none that the database can plan. Raises DataError for a value that
        it cannot keep.
        """
        answer = Answer(self.send)
        self._waiting.append(ask(statement, values, answer))
        return answer

    def send(self) -> None:
        """Send everything that waits, connecting first when there is no connection.

        Raises the errors of psycopg. A connection that breaks takes its open transaction along.
        """
        waiting, self._waiting = self._waiting, []
        if waiting:
            self._connected().send(waiting)

    def roll_back(self) -> None:
        """Leave the connection fit for the next transaction, or leave it.

        One that still owes an answer takes no further statement: it is closed.
        """
        self._waiting = []
        if self._open is None or self._pipeline is None or self._pipeline.owes_answers:
            return self.close()
        try:
            if self._open.info.transaction_status != TransactionStatus.IDLE:
                self.execute("ROLLBACK")
                self.send()
        except psycopg.Error:
            self.close()

    def close(self) -> None:
        """Close the connection; the next statement makes another."""
        if self._open is not None:
            self._open.close()
        self._open = self._pipeline = None

    def _connected(self) -> Pipeline:
        if self._pipeline is None:
            self._open = _connect(self._url)
            counts.connections.note(self._open, _is_open)
            pipeline = Pipeline(self._open, prepares=self._prepares)
            if self._prepares:
                pipeline.send([ask(statements.WITHIN_SESSION, None, Answer(self.send))])
            self._pipeline = pipeline
        return self._pipeline


def _is_open(connection: _ImpatientConnection) -> bool:
    return not connection.closed


def _connect(url: str) -> _ImpatientConnection:
    return _ImpatientConnection.connect(
        make_conninfo(**{**_USUAL, **conninfo_to_dict(url)}),
        autocommit=True,
        application_name="license-leasing",
    )
