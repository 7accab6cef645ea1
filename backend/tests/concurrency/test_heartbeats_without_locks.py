"""Heartbeats lock nothing before they read: what another process does meanwhile must show."""

from collections.abc import Iterator

import psycopg
import pytest

from leasing.errors import LeaseLost
from leasing.models import Seat, SeatInstance
from leasing.store import Lease, Released
from leasing.stores.postgres import PostgresStore, statements
from tests.support.customer import Customer
from tests.support.ledger import contradictions
from tests.support.meanwhile import happening


@pytest.fixture
def stores(postgres_db: str) -> Iterator[tuple[PostgresStore, PostgresStore]]:
    one, other = PostgresStore(postgres_db), PostgresStore(postgres_db)
    yield one, other
    one.close()
    other.close()


def test_s4_a_seat_given_back_while_its_heartbeat_decides_is_not_renewed(
    stores: tuple[PostgresStore, PostgresStore],
) -> None:
    beating, releasing = stores
    customer = Customer("alice", seats=1)
    (lease,) = beating.apply([customer.acquire("laptop")])
    assert isinstance(lease, Lease)
    happening(
        beating,
        statements.RENEW_SEATS_AT,
        lambda: releasing.apply([customer.release(lease.session_id)]),
    )

    (outcome,) = beating.apply([customer.heartbeat(lease.session_id)])

    assert isinstance(outcome, LeaseLost)
    assert outcome.reason == "released"
    assert Seat.across_tenants.get().lease_expires_at is None
    assert contradictions(customer) == []


def test_s5_an_instance_that_left_while_its_heartbeat_decides_does_not_come_back(
    stores: tuple[PostgresStore, PostgresStore],
) -> None:
    beating, releasing = stores
    customer = Customer("alice", seats=1)
    (lease,) = beating.apply([customer.acquire("laptop", "first")])
    assert isinstance(lease, Lease)
    beating.apply([customer.acquire("laptop", "second")])
    happening(
        beating,
        statements.RENEW_SEATS_AT,
        lambda: releasing.apply([customer.release(lease.session_id, "first")]),
    )

    (outcome,) = beating.apply([customer.heartbeat(lease.session_id, "first")])

    assert isinstance(outcome, LeaseLost)
    assert [share.instance_id for share in SeatInstance.across_tenants.all()] == ["second"]


def test_s6_two_tokens_signed_at_the_same_moment_have_numbers_of_their_own(
    stores: tuple[PostgresStore, PostgresStore],
) -> None:
    one, other = stores
    customer = Customer("alice", seats=1)
    (lease,) = one.apply([customer.acquire("laptop")])
    assert isinstance(lease, Lease)
    beat = customer.heartbeat(lease.session_id, wants_token=True)
    numbers: list[int | None] = []

    def beat_elsewhere() -> None:
        (renewed,) = other.apply([beat])
        assert isinstance(renewed, Lease)
        numbers.append(renewed.seq)

    happening(one, statements.RENEW_SEATS_AT, beat_elsewhere)

    (renewed,) = one.apply([beat])

    assert isinstance(renewed, Lease)
    assert [*numbers, renewed.seq] == [2, 3]


def test_s8_a_heartbeat_in_the_way_of_another_costs_its_neighbours_nothing(
    stores: tuple[PostgresStore, PostgresStore], postgres_db: str
) -> None:
    one, other = stores
    customer = Customer("alice", seats=3)
    leases = one.apply([customer.acquire(f"laptop-{n}") for n in range(3)])
    beats = [customer.heartbeat(lease.session_id) for lease in leases if isinstance(lease, Lease)]
    happening(one, statements.RENEW_SEATS_AT, lambda: other.apply(beats[:1]))

    outcomes = one.apply(beats)

    assert [type(outcome) for outcome in outcomes] == [Lease, Lease, Lease]
    with psycopg.connect(postgres_db) as connection:
        live = connection.execute(
            "SELECT count(*) FROM seat WHERE lease_expires_at > clock_timestamp()"
        )
        assert live.fetchone() == (3,)
    assert other.apply([customer.release(beats[0].session_id)]) == [Released()]
