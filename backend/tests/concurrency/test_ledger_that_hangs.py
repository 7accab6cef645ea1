"""A ledger that waits, stops or falls silent is an answer in time, and nobody else's trouble."""

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

import psycopg
import pytest

from leasing.errors import StoreUnavailable
from leasing.store import Lease
from leasing.stores.postgres import PostgresStore, statements
from leasing.stores.postgres.connection import ANSWER_SECONDS, CONNECT_SECONDS
from tests.support.customer import Customer
from tests.support.ledger import contradictions
from tests.support.meanwhile import happening
from tests.support.postgres import as_leasing

LOCK_SECONDS = 2
STATEMENT_SECONDS = 4
OPEN_SECONDS = 5
SLACK_SECONDS = 3.0


@pytest.fixture
def store(postgres_db: str) -> Iterator[PostgresStore]:
    opened = PostgresStore(as_leasing(postgres_db))
    yield opened
    opened.close()


@contextmanager
def within(least: float, most: float) -> Iterator[None]:
    """Check that what happens in the block takes at least and at most so many seconds."""
    began_at = monotonic()
    yield
    took = monotonic() - began_at
    assert least - 0.1 <= took <= most + SLACK_SECONDS, f"took {took:.1f} s"


def granted(store: PostgresStore, customer: Customer, device: str) -> Lease:
    (lease,) = store.apply([customer.acquire(device)])
    assert isinstance(lease, Lease), lease
    return lease


def ask(database: str, query: str) -> Any:
    with psycopg.connect(database, autocommit=True) as connection:
        return connection.execute(query.encode()).fetchone()


def test_s17_a_batch_behind_a_foreign_lock_is_refused_in_time_and_its_neighbours_are_not(
    store: PostgresStore, postgres_db: str
) -> None:
    alice, bob = Customer("alice", seats=2), Customer("bob", seats=2)
    held = granted(store, alice, "laptop")

    with psycopg.connect(postgres_db) as other:
        other.execute("SELECT 1 FROM seat WHERE tenant_id = %s FOR UPDATE", [alice.tenant.id])
        with within(LOCK_SECONDS, LOCK_SECONDS):
            refused, fresh = store.apply([alice.heartbeat(held.session_id), bob.acquire("laptop")])

    assert isinstance(refused, StoreUnavailable)
    assert "LockNotAvailable" in str(refused)
    assert isinstance(fresh, Lease)
    assert isinstance(store.apply([alice.heartbeat(held.session_id)])[0], Lease)


def test_s17_a_statement_that_takes_too_long_is_ended_by_the_server(
    store: PostgresStore, postgres_db: str
) -> None:
    """Many short waits in one statement: no single lock is waited for too long."""
    alice = Customer("alice", seats=8)
    leases = [granted(store, alice, f"device-{n}") for n in range(3)]
    others = [psycopg.connect(postgres_db) for _ in leases]
    for other, lease in zip(others, leases, strict=True):
        other.execute("SELECT 1 FROM seat WHERE session_id = %s FOR UPDATE", [lease.session_id])

    def let_go_one_by_one() -> None:
        for other in others:
            other.execute("SELECT pg_sleep(1.7)")
            other.close()

    with within(STATEMENT_SECONDS, STATEMENT_SECONDS), in_thread(let_go_one_by_one):
        refused = store.apply([alice.heartbeat(lease.session_id) for lease in leases])

    assert all("QueryCanceled" in str(one) for one in refused), refused
    assert isinstance(store.apply([alice.heartbeat(leases[0].session_id)])[0], Lease)


@contextmanager
def in_thread(deed: Callable[[], object]) -> Iterator[None]:
    thread = threading.Thread(target=deed)
    thread.start()
    yield
    thread.join()


def test_s17_a_process_that_stops_in_the_middle_holds_its_locks_for_seconds_only(
    store: PostgresStore, postgres_db: str
) -> None:
    alice, neighbour = Customer("alice", seats=2), PostgresStore(as_leasing(postgres_db))
    waited: list[object] = []

    def stop_here() -> None:
        with within(0, OPEN_SECONDS):
            for _ in range(5):  # each waits for the lock as long as it may
                waited.extend(neighbour.apply([alice.acquire("tablet")]))
                if isinstance(waited[-1], Lease):
                    return

    happening(store, statements.PUT_HOLDERS, stop_here)

    (lost,) = store.apply([alice.acquire("laptop")])
    neighbour.close()

    assert isinstance(waited[0], StoreUnavailable)  # the lock was held at first
    assert isinstance(lost, StoreUnavailable)
    assert granted(store, alice, "laptop").is_new


def test_s8_s17_a_server_that_falls_silent_in_the_middle_is_given_up(
    store: PostgresStore, postgres_db: str
) -> None:
    alice = Customer("alice", seats=2)
    (pid,) = ask(
        postgres_db,
        "SELECT pid FROM pg_stat_activity"
        " WHERE application_name = 'license-leasing' AND datname = current_database()",
    )
    happening(store, statements.PUT_HOLDERS, lambda: os.kill(pid, signal.SIGSTOP))

    try:
        with within(ANSWER_SECONDS, ANSWER_SECONDS):
            (lost,) = store.apply([alice.acquire("laptop")])
    finally:
        os.kill(pid, signal.SIGCONT)

    assert isinstance(lost, StoreUnavailable)
    assert granted(store, alice, "laptop").is_new
    assert contradictions(alice) == []


def test_a_server_that_accepts_and_says_nothing_is_given_up_when_connecting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with within(CONNECT_SECONDS, CONNECT_SECONDS), pytest.raises(StoreUnavailable):
            PostgresStore(f"postgresql://license@127.0.0.1:{port}/ledger")
