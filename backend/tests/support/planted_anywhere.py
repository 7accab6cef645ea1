"""What bugs planted into the store of one database have in common with those of another."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from leasing.occupancy import Occupancy
from leasing.rules import UNNAMED, Terms
from leasing.store import Call, Release
from leasing.stores.sql.transaction import Transaction, as_hex


class RewrittenConnection:
    """A connection that runs another statement in the place of some."""

    def __init__(self, connection: Any, exchanged: Mapping[str, str]) -> None:
        self._connection = connection
        self._exchanged = exchanged

    def execute(self, statement: str, *values: Any) -> Any:
        return self._connection.execute(self._exchanged.get(statement, statement), *values)

    def executemany(self, statement: str, values: Any) -> Any:
        return self._connection.executemany(self._exchanged.get(statement, statement), values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def rewritten(*changes: tuple[str, str, str]) -> dict[str, str]:
    """Return statements with some of their words exchanged, by what they were.

    A change is a statement, the words in it, and what stands in their place.
    """
    exchanged: dict[str, str] = {}
    for statement, words, others in changes:
        assert words in statement, f"the bug no longer fits: {words}"
        exchanged[statement] = exchanged.get(statement, statement).replace(words, others)
    return exchanged


def of_whole_device(call: Call) -> Call:
    """Return a release as if it were of all programs of its device; any other call as it is."""
    if isinstance(call, Release):
        return Release(call.caller, call.session_id, UNNAMED)
    return call


class _CountedOnce(Occupancy):
    """Does not count the holders that a batch adds."""

    def granted(self, slot: int, lease_expires_at: datetime) -> None:
        pass


class CountedBefore(Transaction):
    """Knows how many seats were held before the batch, and of no rows."""

    def occupancy(self, terms: Terms) -> Occupancy:
        before = super().occupancy(terms)
        return _CountedOnce(
            live=before.live,
            rows=0,
            counted_after=self.now,
            horizon=before.horizon,
            upcoming=[],
            lapsed=set(),
        )


class Leaking(Transaction):
    """Frees the row of a released seat and goes on counting its holder."""

    leaked: Counter[str]

    def end_session(self, *, license: str, reason: str, **seat: Any) -> None:
        super().end_session(license=license, reason=reason, **seat)
        if reason == "released":
            self.leaked[license] += 1
            self.forget_occupancy(license)

    def _scan(self, terms: Terms) -> Occupancy:
        occupancy = super()._scan(terms)
        occupancy.live += self.leaked[as_hex(terms.license_id)]
        return occupancy
