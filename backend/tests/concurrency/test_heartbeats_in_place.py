"""A heartbeat writes the row that it has read, and knows a license by its version (ADR 30)."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest

from leasing.errors import SessionUnknown
from leasing.models import Seat
from leasing.store import Lease, Store
from leasing.stores.postgres import PostgresStore, statements
from licenses.errors import LicenseSuspended
from tests.support.clock import ManualClock
from tests.support.customer import Customer
from tests.support.planted_postgres import rewriting


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def store(postgres_db: str, clock: ManualClock) -> Iterator[PostgresStore]:
    opened = PostgresStore(postgres_db, clock=clock)
    yield opened
    opened.close()


def test_a_license_suspended_between_two_heartbeats_refuses_the_second(
    store: PostgresStore,
) -> None:
    customer = Customer("alice", seats=1)
    session = begun(store, customer)
    store.apply([customer.heartbeat(session)])

    customer.suspend()
    (refused,) = store.apply([customer.heartbeat(session)])
    customer.reinstate()
    (renewed,) = store.apply([customer.heartbeat(session)])

    assert isinstance(refused, LicenseSuspended)
    assert isinstance(renewed, Lease)


def test_a_store_that_takes_all_versions_of_a_license_for_one_is_noticed(
    postgres_db: str, clock: ManualClock
) -> None:
    store = rewriting((statements.HELD, "l.xmin::text", "'1'"))(postgres_db, clock)
    customer = Customer("alice", seats=1)
    session = begun(store, customer)
    store.apply([customer.heartbeat(session)])

    customer.suspend()
    (outcome,) = store.apply([customer.heartbeat(session)])
    store.close()

    assert isinstance(outcome, Lease)


def test_terms_are_read_once_for_a_version(store: PostgresStore, postgres_db: str) -> None:
    customer = Customer("alice", seats=1)
    session = begun(store, customer)
    store.apply([customer.heartbeat(session)])
    with psycopg.connect(postgres_db, autocommit=True) as connection:
        connection.execute("REVOKE SELECT (entitlements) ON license FROM leasing")

    (known,) = store.apply([customer.heartbeat(session)])
    customer.resize(2)
    (unknown,) = store.apply([customer.heartbeat(session)])

    assert isinstance(known, Lease)
    assert not isinstance(unknown, Lease)


def test_s7_a_seat_written_twice_in_one_batch_keeps_what_came_last(
    store: PostgresStore, clock: ManualClock
) -> None:
    """In between, a question about a session that is over has the first write sent."""
    customer = Customer("alice", seats=1)
    session = begun(store, customer)
    store.apply([customer.acquire("laptop", "program")])
    clock.advance(60)

    outcomes = store.apply(
        [
            customer.heartbeat(session, "program"),
            customer.heartbeat(str(uuid4())),
            customer.heartbeat(session),
        ]
    )

    seat = Seat.across_tenants.get()
    assert [type(outcome) for outcome in outcomes] == [Lease, SessionUnknown, Lease]
    assert seat.unnamed_expires_at == seat.lease_expires_at
    assert seat.lease_expires_at == clock.now + timedelta(seconds=360)


def test_a_seat_that_was_not_touched_again_is_renewed_where_it_lies(
    postgres_db: str, clock: ManualClock
) -> None:
    by_key = rewriting((statements.RENEW_SEATS, "seat.slot = w.slot", "false"))
    store = by_key(postgres_db, clock)
    customer = Customer("alice", seats=1)
    session = begun(store, customer)
    clock.advance(60)

    (renewed,) = store.apply([customer.heartbeat(session)])
    store.close()

    assert isinstance(renewed, Lease)
    assert Seat.across_tenants.get().lease_expires_at == renewed.lease_expires_at


def begun(store: Store, customer: Customer) -> str:
    (lease,) = store.apply([customer.acquire("laptop")])
    assert isinstance(lease, Lease)
    return lease.session_id
