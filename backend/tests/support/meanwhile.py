"""Something happens on another connection in the middle of a batch, at a moment of one's choice."""

from collections.abc import Callable
from typing import Any

from leasing.store import Store
from leasing.stores.postgres.connection import ReconnectingConnection


class Meanwhile:
    """A connection beside which something happens, once, before a statement runs."""

    def __init__(self, connection: Any, statement: str, happen: Callable[[], object]) -> None:
        self._connection = connection
        self._statement = statement
        self._happen: Callable[[], object] | None = happen

    def execute(self, statement: str, *values: Any) -> Any:
        if statement == self._statement and self._happen is not None:
            happen, self._happen = self._happen, None
            if isinstance(self._connection, ReconnectingConnection):
                self._connection.send()  # what comes before the statement has been done by then
            happen()
        return self._connection.execute(statement, *values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def happening(store: Store, statement: str, happen: Callable[[], object]) -> None:
    """Have something happen, once, right before a store runs a statement."""
    store._connection = Meanwhile(store._connection, statement, happen)  # type: ignore[attr-defined]
