"""The stores of this folder's tests reach PostgreSQL through pgbouncer in transaction mode."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:  # models can only be imported once Django is set up, which is later than this
    from coditect_license.private_postgres import PrivatePostgres
    from leasing.stores.postgres import PostgresStore
    from tests.support.pgbouncer import Pooler
    from tests.support.world import World

STORES = 10


@pytest.fixture(scope="session")
def pooler(postgres_server: PrivatePostgres) -> Iterator[Pooler]:
    """A pgbouncer before the tests' PostgreSQL."""
    from tests.support.pgbouncer import running_pgbouncer

    with running_pgbouncer(postgres_server) as running:
        yield running


@pytest.fixture
def make_world(pooler: Pooler, postgres_db: str) -> Iterator[Callable[..., World]]:
    """Make the one world of a test, with the seats and times it names."""
    from tests.support.world import World, open_postgres

    made: list[World] = []

    def make(**terms: Any) -> World:
        made.append(World(pooler.through(postgres_db), open_store=open_postgres, **terms))
        return made[-1]

    yield make
    for world in made:
        world.close()


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """A world where Alice has three seats."""
    return make_world(seats=3)


@pytest.fixture
def stores(pooler: Pooler, postgres_db: str) -> Iterator[list[PostgresStore]]:
    """More stores than the pool has connections."""
    from leasing.stores.postgres import PostgresStore
    from tests.support.postgres import as_leasing

    address = as_leasing(pooler.through(postgres_db))
    opened = [PostgresStore(address) for _ in range(STORES)]
    yield opened
    for store in opened:
        store.close()
