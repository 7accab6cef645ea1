"""What is sent together: how often a batch waits for the database, and what fails with what."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from leasing.store import Call, Lease
from leasing.stores.postgres import PostgresStore
from leasing.stores.postgres.connection import ReconnectingConnection
from tests.support.customer import Customer
from tests.support.postgres import as_leasing

NUMBER = "SELECT %(number)s::bigint"
BY_ZERO = "SELECT 1 / %(number)s::bigint"


@pytest.fixture(params=[False, True], ids=["pooled", "own"])
def connection(
    postgres_db: str, request: pytest.FixtureRequest
) -> Iterator[ReconnectingConnection]:
    opened = ReconnectingConnection(postgres_db, prepares=request.param)
    yield opened
    opened.close()


def waits(store: PostgresStore, calls: list[Call], folder: Path) -> int:
    """Return how often a store waits for the database while it applies calls."""
    opened = store._connection._open
    assert opened is not None
    with (folder / "trace").open("wb") as trace:
        opened.pgconn.trace(trace.fileno())
        outcomes = store.apply(calls)
        opened.pgconn.untrace()
    assert all(isinstance(outcome, Lease) for outcome in outcomes), outcomes
    return (folder / "trace").read_bytes().count(b"\tSync")


@pytest.mark.parametrize("prepares", [False, True], ids=["pooled", "own"])
def test_a_batch_of_heartbeats_waits_twice_for_the_database(
    postgres_db: str, tmp_path: Path, prepares: bool
) -> None:
    alice = Customer("alice", seats=9)
    store = PostgresStore(as_leasing(postgres_db), prepares=prepares)
    held = store.apply([alice.acquire(f"laptop-{number}") for number in range(5)])
    beats: list[Call] = [
        alice.heartbeat(lease.session_id, wants_token=True)
        for lease in held
        if isinstance(lease, Lease)
    ]

    store.apply(beats)  # the first reads the terms of the license, once for each version
    found = waits(store, beats, tmp_path)
    store.close()

    assert (len(beats), found) == (5, 2)


def test_answers_come_in_the_order_of_the_questions(connection: ReconnectingConnection) -> None:
    answers = [connection.execute(NUMBER, {"number": number}) for number in range(4)]

    assert answers[2].fetchone() == (2,)
    assert [answers[at].fetchall() for at in (0, 1, 3)] == [[(0,)], [(1,)], [(3,)]]
    assert [answer.rowcount for answer in answers] == [1, 1, 1, 1]
    assert list(answers[3]) == []


def test_after_one_that_failed_nothing_is_done_and_the_connection_goes_on(
    connection: ReconnectingConnection,
) -> None:
    connection.execute("BEGIN")
    connection.execute("CREATE TEMPORARY TABLE made (number bigint)")
    connection.execute("COMMIT")
    connection.send()
    connection.execute("BEGIN")
    connection.execute("INSERT INTO made VALUES (%(number)s)", {"number": 1})
    connection.execute(BY_ZERO, {"number": 0})
    connection.execute("COMMIT")
    with pytest.raises(errors.DivisionByZero):
        connection.send()

    connection.roll_back()

    made = connection.execute("SELECT count(*) FROM made WHERE number < %(number)s", {"number": 9})
    assert made.fetchone() == (0,)


def test_a_statement_whose_plan_was_never_made_can_be_asked_again(
    connection: ReconnectingConnection,
) -> None:
    connection.execute(BY_ZERO, {"number": 0})
    connection.execute(NUMBER, {"number": 7})
    with pytest.raises(errors.DivisionByZero):
        connection.send()
    connection.roll_back()

    assert connection.execute(NUMBER, {"number": 7}).fetchone() == (7,)
    assert connection.execute(BY_ZERO, {"number": 1}).fetchone() == (1,)


def test_s17_values_stand_in_no_statement_that_the_database_could_log(
    connection: ReconnectingConnection,
) -> None:
    told = connection.execute(
        "SELECT current_query() WHERE %(value)s <> ''", {"value": "a-secret"}
    ).fetchone()

    assert told is not None
    assert "current_query()" in told[0]
    assert "a-secret" not in told[0]


def test_a_zero_byte_is_refused_before_anything_is_sent(connection: ReconnectingConnection) -> None:
    with pytest.raises(psycopg.DataError):
        connection.execute("SELECT %(value)s", {"value": "a\0b"})

    connection.roll_back()
    assert connection.execute(NUMBER, {"number": 1}).fetchone() == (1,)


def test_an_answer_forgotten_by_a_rollback_is_no_empty_answer(
    connection: ReconnectingConnection,
) -> None:
    connection.execute(NUMBER, {"number": 1}).fetchone()
    forgotten = connection.execute(NUMBER, {"number": 2})

    connection.roll_back()

    with pytest.raises(AssertionError, match="forgotten"):
        forgotten.fetchone()


def test_a_connection_that_was_ended_is_made_anew(
    connection: ReconnectingConnection, postgres_db: str
) -> None:
    (pid,) = connection.execute("SELECT pg_backend_pid()").fetchone() or (0,)
    with psycopg.connect(postgres_db, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    with pytest.raises(psycopg.OperationalError):
        connection.execute(NUMBER, {"number": 1}).fetchone()

    connection.roll_back()

    assert connection.execute(NUMBER, {"number": 3}).fetchone() == (3,)
