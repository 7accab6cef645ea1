"""Writes that a SQLite ledger need not hear of: it goes on knowing what it knows by heart."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import cast

import pytest
from django.db import connection, connections, transaction

from leasing.stores.gated_sqlite.base import Bystander, DatabaseWrapper
from leasing.stores.sqlite import SqliteStore
from tests.support.audited import Audit
from tests.support.clock import ManualClock
from tests.support.customer import Customer


@pytest.fixture
def store(db: Path) -> Iterator[SqliteStore]:
    customer = Customer("alice", seats=3)
    opened = SqliteStore(db, clock=ManualClock())
    opened.apply([customer.acquire("laptop")])
    yield opened
    opened.close()


def knows(store: SqliteStore) -> bool:
    """Whether it still knows how full the license is, at its next transaction."""
    store.tick()
    return bool(store._occupancies) and bool(store._terms)


def beside(bystander: Bystander) -> AbstractContextManager[None]:
    return cast("DatabaseWrapper", connections["default"]).aside(bystander)


def write() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE tenant SET name = name || 'x'")


def test_it_hears_of_every_commit(store: SqliteStore) -> None:
    assert knows(store)

    write()

    assert not knows(store)


def test_but_not_of_one_made_aside(store: SqliteStore) -> None:
    with beside(store):
        write()
        write()

    assert knows(store)


def test_it_hears_again_afterwards(store: SqliteStore) -> None:
    with beside(store):
        write()
    write()

    assert not knows(store)


def test_a_commit_that_came_before_is_not_overlooked_with_it(store: SqliteStore) -> None:
    write()
    with beside(store):
        write()

    assert not knows(store)


def test_nor_is_one_by_hand_right_behind_it(store: SqliteStore, db: Path) -> None:
    """Somebody who knows of no gate commits before ours is noted."""

    class Interrupted:
        def data_version(self) -> int:
            if not connection.connection.in_transaction:
                hand = sqlite3.connect(db, isolation_level=None)
                hand.execute("UPDATE license SET seats = 2")
                hand.close()
            return store.data_version()

        def overlook(self, before: int, after: int) -> None:
            store.overlook(before, after)

    with beside(Interrupted()):
        write()

    assert not knows(store)


def test_a_sealer_beside_a_store_lets_it_remember(store: SqliteStore) -> None:
    audit = Audit("bob")
    audit.happen("license.issued")
    store.apply([Customer("carol", seats=3).acquire("laptop")])

    with beside(store):
        assert audit.sealer.take_turn()
        assert audit.sealer.round().sealed > 0

    assert knows(store)
