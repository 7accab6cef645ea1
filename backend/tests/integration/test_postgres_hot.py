"""Heartbeats stay on their page: no index is written for them (docs/adr/0002)."""

from random import Random
from typing import NamedTuple

import psycopg
import pytest

from leasing.store import Lease
from leasing.stores.postgres import PostgresStore
from tests.support.customer import Customer
from tests.support.postgres import as_leasing
from tests.support.telling import tell

SEATS = 3_000
BATCH = 100
ROUNDS = 6
LEAST_SHARE = 0.85


class Updates(NamedTuple):
    """How many rows of ``seat`` were updated, and how many of these stayed on their page."""

    all: int
    on_page: int

    @property
    def share(self) -> float:
        return self.on_page / self.all


def updates(database: str) -> Updates:
    with psycopg.connect(database) as connection:
        row = connection.execute(
            "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'seat'"
        ).fetchone()
    assert row is not None
    return Updates(*row)


def beat_for_a_while(database: str) -> Updates:
    """Take seats, beat every one of them for some rounds; return what the heartbeats updated.

    Programs beat in any order, as their jitter has it. A store that is closed has told the server
    all its figures.
    """
    customer, sessions, random = Customer("alice", seats=SEATS), [], Random(20_300_101)
    store = PostgresStore(as_leasing(database))
    for first in range(0, SEATS, BATCH):
        outcomes = store.apply(
            [customer.acquire(f"device-{n}") for n in range(first, first + BATCH)]
        )
        sessions += [one.session_id for one in outcomes if isinstance(one, Lease)]
    store.close()
    before, store = updates(database), PostgresStore(as_leasing(database))
    for _ in range(ROUNDS):
        random.shuffle(sessions)
        for first in range(0, SEATS, BATCH):
            store.apply([customer.heartbeat(one) for one in sessions[first : first + BATCH]])
    store.close()
    after = updates(database)
    return Updates(after.all - before.all, after.on_page - before.on_page)


def test_heartbeats_write_no_index(postgres_db: str) -> None:
    done = beat_for_a_while(postgres_db)

    tell(f"{done.share:.1%} of {done.all} heartbeats stayed on their page")
    assert done.all == SEATS * ROUNDS
    assert done.share >= LEAST_SHARE


@pytest.mark.parametrize("column", ["lease_expires_at", "unnamed_expires_at"])
def test_with_an_index_on_a_column_that_they_write_they_would(
    column: str, postgres_db: str
) -> None:
    with psycopg.connect(postgres_db) as owner:
        owner.execute(f"CREATE INDEX planted ON seat ({column})".encode())

    done = beat_for_a_while(postgres_db)

    assert done.all == SEATS * ROUNDS
    assert done.share < 0.05
