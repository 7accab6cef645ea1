"""Two processes meet at the worst moment: the store that ships breaks nothing, planted bugs do."""

import pytest

from leasing.stores.postgres import PostgresStore
from tests.support.duels import DUELS, Duel
from tests.support.planted_postgres import RACING


@pytest.mark.parametrize("bug", DUELS)
def test_s1_s2_s3_s6_s13_s14_the_store_stands_the_duel_of_the_one_that(
    postgres_db: str, bug: str
) -> None:
    duel = Duel(postgres_db, lambda url, _: PostgresStore(str(url)))

    fight, _ = DUELS[bug]
    assert fight(duel) == set()
    duel.close()


@pytest.mark.parametrize("bug", RACING)
def test_the_duel_finds_the_store_that(postgres_db: str, bug: str) -> None:
    duel = Duel(postgres_db, RACING[bug])

    fight, must_be_found = DUELS[bug]
    assert fight(duel) == {must_be_found}
    duel.close()
