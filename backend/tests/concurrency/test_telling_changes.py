"""A process hears what others did to the seats of a license, and looks at every seat again only
when it missed too much (S1, S3, S17)."""

from collections.abc import Iterator

import pytest

from leasing.errors import SeatsExhausted
from leasing.store import Lease
from leasing.stores.postgres import PostgresStore, statements
from leasing.stores.postgres.known import CHANGES_KEPT
from tests.support.clock import ManualClock
from tests.support.customer import Customer
from tests.support.ledger import contradictions
from tests.support.meanwhile import happening


class LookedAgain(Exception):
    """A store looked at every seat of a license."""


@pytest.fixture
def stores(postgres_db: str) -> Iterator[tuple[PostgresStore, PostgresStore]]:
    clock = ManualClock()
    one, other = (PostgresStore(postgres_db, clock=clock) for _ in range(2))
    yield one, other
    one.close()
    other.close()


def acquire(store: PostgresStore, customer: Customer, device: str) -> Lease:
    (outcome,) = store.apply([customer.acquire(device)])
    assert isinstance(outcome, Lease), outcome
    return outcome


def refuse_to_look(store: PostgresStore) -> None:
    def refuse() -> None:
        raise LookedAgain

    happening(store, statements.SEATS_AT_A_VERSION, refuse)


def test_s3_s17_what_another_process_grants_and_frees_is_heard_without_a_look_at_every_seat(
    stores: tuple[PostgresStore, PostgresStore],
) -> None:
    one, other = stores
    customer = Customer("alice", seats=4)
    acquire(one, customer, "first")
    refuse_to_look(one)

    leases = [acquire(other, customer, f"other-{n}") for n in range(3)]
    (denied,) = one.apply([customer.acquire("one-too-many")])
    other.apply([customer.release(leases[0].session_id), customer.release(leases[1].session_id)])
    granted = acquire(one, customer, "second")

    assert isinstance(denied, SeatsExhausted)
    assert denied.in_use == 4
    assert granted.in_use == 3
    assert contradictions(customer) == []


def test_s1_a_process_that_missed_more_than_is_kept_looks_again(
    stores: tuple[PostgresStore, PostgresStore],
) -> None:
    one, other = stores
    customer = Customer("alice", seats=CHANGES_KEPT + 3)
    acquire(one, customer, "first")

    for n in range(CHANGES_KEPT + 1):
        acquire(other, customer, f"other-{n}")
    granted = acquire(one, customer, "second")
    refuse_to_look(other)
    (denied,) = other.apply([customer.acquire("one-too-many")])

    assert granted.in_use == CHANGES_KEPT + 3
    assert isinstance(denied, SeatsExhausted)


def test_s3_changes_of_ones_own_between_those_of_others_count_once(
    stores: tuple[PostgresStore, PostgresStore],
) -> None:
    one, other = stores
    customer = Customer("alice", seats=10)
    mine = [acquire(one, customer, f"one-{n}") for n in range(2)]
    refuse_to_look(one)

    theirs = [acquire(other, customer, f"other-{n}") for n in range(2)]
    one.apply([customer.release(mine[0].session_id)])  # heard of nothing yet
    other.apply([customer.release(theirs[0].session_id)])
    one.apply([customer.release(mine[1].session_id)])

    assert acquire(one, customer, "third").in_use == 2
    assert acquire(other, customer, "fourth").in_use == 3
    assert contradictions(customer) == []
