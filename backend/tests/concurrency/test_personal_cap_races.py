"""A person's programs on many machines, served by many processes: the personal cap holds."""

import threading
from collections import Counter
from pathlib import Path

import pytest

from leasing.errors import PersonalCapReached
from leasing.store import Lease, Outcome
from leasing.stores.postgres import PostgresStore
from leasing.stores.sqlite import SqliteStore
from tests.support.customer import Customer
from tests.support.ledger import contradictions

THREADS, DEVICES_EACH, CAP = 6, 5, 4


def test_racing_acquires_of_one_person_cannot_pass_the_cap(postgres_db: str) -> None:
    alice = Customer("alice", seats=100)
    alice.cap_persons(CAP)
    stores = [PostgresStore(postgres_db) for _ in range(THREADS)]
    outcomes: list[Outcome] = []
    start = threading.Barrier(THREADS)

    def race(number: int) -> None:
        start.wait(10)
        for device in range(DEVICES_EACH):
            outcomes.extend(stores[number].apply([alice.acquire(f"{number}-{device}")]))

    racers = [threading.Thread(target=race, args=(number,)) for number in range(THREADS)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(30)
    for store in stores:
        store.close()

    denied = THREADS * DEVICES_EACH - CAP
    assert Counter(type(one) for one in outcomes) == {Lease: CAP, PersonalCapReached: denied}
    assert contradictions(alice) == []


@pytest.mark.parametrize(("of_license", "granted"), [(None, 3), (0, 5), (1, 1)])
def test_the_setting_counts_where_the_license_says_nothing(
    db: Path, of_license: int | None, granted: int
) -> None:
    alice = Customer("alice", seats=5)
    alice.cap_persons(of_license)
    store = SqliteStore(db, seats_per_person=3)

    outcomes = store.apply([alice.acquire(str(device)) for device in range(5)])
    store.close()

    assert sum(isinstance(one, Lease) for one in outcomes) == granted
