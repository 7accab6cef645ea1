"""The drill on PostgreSQL: the store that ships is clean, every planted bug is found."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from coditect_license.private_postgres import PrivatePostgres
from tests.support.drill import Drill
from tests.support.planted_postgres import PLANTED
from tests.support.postgres import copy_of, django_on
from tests.support.world import open_postgres

SEEDS = range(3)
STEPS = 300
Fresh = Callable[[], AbstractContextManager[str]]


@pytest.fixture
def fresh(postgres_server: PrivatePostgres, migrated_postgres: str) -> Fresh:
    @contextmanager
    def database() -> Iterator[str]:
        with copy_of(migrated_postgres, postgres_server) as url, django_on(url):
            yield url

    return database


@pytest.mark.parametrize("seed", SEEDS)
def test_s1_to_s6_and_s15_the_store_passes_the_drill(fresh: Fresh, seed: int) -> None:
    with fresh() as database:
        drill = Drill(database, seed=seed, open_store=open_postgres)

        assert drill.run(STEPS) == set(), drill.differences


@pytest.mark.parametrize("bug", PLANTED)
def test_the_drill_finds_the_store_that(fresh: Fresh, bug: str) -> None:
    open_store, must_be_found = PLANTED[bug]

    found: set[str] = set()
    for seed in SEEDS:
        if not must_be_found <= found:
            with fresh() as database:
                found |= Drill(database, seed=seed, open_store=open_store).run(STEPS)

    assert must_be_found <= found
