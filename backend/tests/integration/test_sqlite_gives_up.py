"""SQLite may end a transaction by itself, on a full disk for one: nothing is granted then."""

from pathlib import Path
from typing import Any

import pytest

from leasing.errors import StoreUnavailable
from leasing.stores.sqlite import statements
from tests.support.world import World


class GivesUpOnce:
    """A connection whose transaction is gone after its first audit record."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._has_given_up = False

    def execute(self, statement: str, *values: Any) -> Any:
        answer = self._connection.execute(statement, *values)
        if statement == statements.RECORDS and not self._has_given_up:
            self._has_given_up = True
            self._connection.execute("ROLLBACK")
        return answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def test_s14_a_transaction_that_is_gone_is_not_acknowledged(db: Path) -> None:
    world = World(db, seats=1)
    world.store._connection = GivesUpOnce(world.store._connection)  # type: ignore[attr-defined]

    with pytest.raises(StoreUnavailable, match="gone"):
        world.acquire("laptop")

    assert world.acquire("desktop").in_use == 1
    world.close()
