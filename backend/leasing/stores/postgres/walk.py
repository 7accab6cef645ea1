"""The reaper's walk over all seats, a stretch each round: none grows with the table (S17)."""

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

import msgspec

from leasing.stores.postgres import statements

SEATS_OF_A_ROUND: Final = 50_000
"""A round takes tens of milliseconds, and a minute passes between rounds: docs/capacity.md."""

SeatKey = tuple[str, str, int]
"""Tenant, license and slot."""

_BEFORE_ALL: Final[SeatKey] = (str(UUID(int=0)), str(UUID(int=0)), -1)
_SEAT: Final = msgspec.json.Decoder(SeatKey)
_SEATS: Final = msgspec.json.Decoder(list[SeatKey])
_One = Callable[..., tuple[Any, ...] | None]


class Walk:
    """Where one process is on its way through the seats; after the last comes the first."""

    def __init__(self, seats_of_a_round: int = SEATS_OF_A_ROUND) -> None:
        self._seats_of_a_round = seats_of_a_round
        self._at = _BEFORE_ALL

    def go_on(self, one: _One, *, now: str, most: int) -> list[SeatKey]:
        """Return up to ``most`` lapsed seats of the next stretch.

        ``one`` runs a statement and returns its one row.
        """
        seen, found = self._walk(one, now, most, self._seats_of_a_round)
        if seen < self._seats_of_a_round and len(found) < most:
            self._at = _BEFORE_ALL
            _, more = self._walk(one, now, most - len(found), self._seats_of_a_round - seen)
            found += more
        return list(dict.fromkeys(found))

    def _walk(self, one: _One, now: str, most: int, seats: int) -> tuple[int, list[SeatKey]]:
        tenant, license_, slot = self._at
        where = {"tenant": tenant, "license": license_, "slot": slot}
        row = one(statements.WALK, **where, seats=seats, now=now, most=most)
        lapsed, last, seen = row or ("[]", None, 0)
        found = _SEATS.decode(lapsed)
        if len(found) == most:
            self._at = found[-1]
        elif last is not None:
            self._at = _SEAT.decode(last)
        return seen, found
