"""Many statements on one way to the database and back (PostgreSQL 16, section 34.5).

Statements are sent as they are asked, and no answer is waited for before the last of them. The
database takes them in order, each when the one before is done; after one that failed it does
nothing more. Values never become part of a statement's text, so the database's log of failures
shows none of them.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import psycopg
from msgspec import Struct
from psycopg import errors
from psycopg.abc import PQGen
from psycopg.adapt import Transformer
from psycopg.pq import ConnStatus, ExecStatus
from psycopg.pq.abc import PGconn, PGresult
from psycopg.waiting import Ready, Wait

_VALUE: Final = re.compile(r"%\((\w+)\)s")
_MOST_TEXTS: Final = 256
_Row = tuple[Any, ...]


class Answer:
    """What one statement answers. Whoever looks at it has all sent that waits to be sent."""

    def __init__(self, send: Callable[[], None]) -> None:
        self._send = send
        self._changed: int | None = None
        self._rows: list[_Row] = []

    def arrive(self, changed: int, rows: list[_Row]) -> None:
        """Learn how many rows were changed or found, and which."""
        self._changed, self._rows = changed, rows[::-1]

    @property
    def rowcount(self) -> int:
        """How many rows were changed or found."""
        self._wait()
        return self._changed or 0

    def fetchone(self) -> _Row | None:
        """Return the next row, or None."""
        self._wait()
        return self._rows.pop() if self._rows else None

    def fetchall(self) -> list[_Row]:
        """Return the rows that are left."""
        self._wait()
        left, self._rows = self._rows[::-1], []
        return left

    def __iter__(self) -> Iterator[_Row]:
        return iter(self.fetchall())

    def _wait(self) -> None:
        if self._changed is None:
            self._send()
        if self._changed is None:
            raise AssertionError("a statement was forgotten in a rollback, and then looked at")


class Asked(Struct, frozen=True, gc=False):
    """A statement, its values in the order of their places, and who waits for its answer.

    ``values`` is None for what the database cannot plan, as BEGIN and COMMIT.
    """

    text: bytes
    values: list[bytes | None] | None
    answer: Answer


def ask(statement: str, values: Mapping[str, Any] | None, answer: Answer) -> Asked:
    """Return a statement made ready to be sent. Raises DataError for text with a zero byte."""
    if values is None:
        return Asked(statement.encode(), None, answer)
    text, names = _with_places(statement)
    return Asked(text, [_as_text(values[name]) for name in names], answer)


@lru_cache(_MOST_TEXTS)
def _with_places(statement: str) -> tuple[bytes, Sequence[str]]:
    names = list(dict.fromkeys(_VALUE.findall(statement)))
    text = _VALUE.sub(lambda found: f"${names.index(found[1]) + 1}", statement)
    return text.encode(), names


def _as_text(value: str | int | None) -> bytes | None:
    if value is None:
        return None
    text = str(value).encode()
    if 0 in text:
        raise psycopg.DataError("PostgreSQL keeps no text with a zero byte")
    return text


class Pipeline:
    """Sends what was asked over one connection, which is for this alone.

    With ``prepares`` the database keeps the plan of each statement that has values.
    """

    def __init__(self, connection: psycopg.Connection[_Row], *, prepares: bool) -> None:
        self._connection = connection
        self._prepares = prepares
        self._prepared: dict[bytes, bytes] = {}
        self._names_given = 0
        self._rows = Transformer(connection)
        self.owes_answers = False
        connection.pgconn.enter_pipeline_mode()

    def send(self, waiting: Sequence[Asked]) -> None:
        """Send statements and hand their answers out. Raises the error of the first that failed.

        After any error but that the connection ``owes_answers``, and is of no use any more.
        """
        self.owes_answers = True
        answers: list[Answer | None] = []
        new: dict[int, bytes] = {}
        for asked in waiting:
            if self._prepares and asked.values is not None and asked.text not in self._prepared:
                new[len(answers)] = asked.text
                answers.append(None)
                self._prepare(asked.text)
            answers.append(asked.answer)
            self._send(asked)
        self._connection.pgconn.pipeline_sync()
        results = self._connection.wait(_results(self._connection.pgconn, len(answers)))
        self.owes_answers = False
        for at, text in new.items():
            if results[at].status != ExecStatus.COMMAND_OK:
                del self._prepared[text]
        for answer, result in zip(answers, results, strict=True):
            self._check(result)
            if answer is not None:
                self._hand_out(answer, result)

    def _prepare(self, text: bytes) -> None:
        self._names_given += 1
        self._prepared[text] = b"leasing_%d" % self._names_given
        self._connection.pgconn.send_prepare(self._prepared[text], text)

    def _send(self, asked: Asked) -> None:
        name = self._prepared.get(asked.text)
        if name is None:
            self._connection.pgconn.send_query_params(asked.text, asked.values)
        else:
            self._connection.pgconn.send_query_prepared(name, asked.values)

    def _check(self, result: PGresult) -> None:
        if result.status not in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
            raise errors.error_from_result(result, encoding=self._connection.info.encoding)

    def _hand_out(self, answer: Answer, result: PGresult) -> None:
        self._rows.set_pgresult(result)
        rows: list[_Row] = self._rows.load_rows(0, result.ntuples, tuple)
        answer.arrive(result.command_tuples or 0, rows)


def _results(pgconn: PGconn, wanted: int) -> PQGen[list[PGresult]]:
    """Have everything sent and return the results, one for each of the ``wanted`` statements."""
    while pgconn.flush():
        if (yield Wait.RW) & Ready.R:
            pgconn.consume_input()
    results: list[PGresult] = []
    while True:
        while pgconn.is_busy():
            yield Wait.R
            pgconn.consume_input()
        result = pgconn.get_result()
        if result is not None and result.status == ExecStatus.PIPELINE_SYNC:
            return results
        if result is not None:
            results.append(result)
        if pgconn.status == ConnStatus.BAD or len(results) > wanted:
            raise _lost(results)


def _lost(results: Sequence[PGresult]) -> psycopg.Error:
    for result in results:
        if result.status == ExecStatus.FATAL_ERROR:
            return errors.error_from_result(result)
    return psycopg.OperationalError("the connection was lost")
