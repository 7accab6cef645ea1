"""What tokens count with has moved from sessions to their seats, and back: nothing is lost."""

from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.db import connection

from tests.support.world import STORES, World

BEFORE, AFTER = "0013", "0014"


@pytest.fixture(params=["sqlite", "postgres"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    database = request.getfixturevalue({"sqlite": "db", "postgres": "postgres_db"}[request.param])
    made = World(database, open_store=STORES[request.param], seats=3)
    yield made
    made.close()


def test_leases_and_their_counts_outlive_the_move_to_the_seat(world: World) -> None:
    alone, shared = world.acquire("laptop"), world.acquire("desktop")
    world.acquire("desktop", "editor")
    world.release(world.acquire("tablet"))
    world.pass_time(100)
    world.ask(world.alice.heartbeat(alone.session_id, wants_token=True), type(alone))

    move(BEFORE)
    in_sessions = counts("license_session", of="id")
    move(AFTER)
    world.restart()

    assert in_sessions == counts("seat", of="session_id")
    assert [seq for seq, *_ in in_sessions.values()] == [2, 2]
    world.pass_time(100)  # past half the life of the first token, not of the second
    assert world.heartbeat(alone).seq is None
    assert world.acquire("laptop").seq == 3
    world.heartbeat(shared)
    world.pass_time(200)  # past the end that the share had at first
    assert world.inspect(shared).instances == ("editor",)


def move(target: str) -> None:
    call_command("migrate", "leasing", target, verbosity=0)


def counts(table: str, *, of: str) -> dict[str, tuple[object, ...]]:
    """Return what the tokens of each session that holds a seat count with, as a table has it."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {of}, seq, token_issued_at, token_expires_at FROM {table} WHERE {of} IN "
            "(SELECT session_id FROM seat WHERE session_id IS NOT NULL)"
        )
        return {str(session): tuple(rest) for session, *rest in cursor.fetchall()}
