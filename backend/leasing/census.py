"""A count of all seats, put together from pages of them. Pure.

No index leads to lapsed leases (docs/adr/0002), so every seat is looked at; a page at a time, with
rests between, that is in nobody's way (docs/adr/0024).
"""

from collections.abc import Iterable
from datetime import datetime
from heapq import heappush, heappushpop
from typing import Final, Protocol

from msgspec import Struct

from leasing.rules import Hold

PAGE_SEATS: Final = 2_000
"""How many seats one look reads: milliseconds of the database."""

REST: Final = 24.0
"""A count rests this many times as long as it worked: it takes a 25th of a core at most."""


class SeatKey(Struct, frozen=True):
    """Where one page ends and the next begins."""

    tenant: str
    license: str
    slot: int


class LicenseSeats(Struct, frozen=True):
    """The seats of one license within a page. ``seats`` are sold, ``cap`` may be held at once."""

    tenant: str
    license: str
    live: int
    lapsed: int
    last_slot: int
    seats: int
    cap: int


class Census(Struct, frozen=True):
    """All seats of the ledger: ``most_used`` are (use, tenant, license), the most used first."""

    live: int
    lapsed: int
    exhausted: int
    most_used: tuple[tuple[float, str, str], ...]


class Standing(Struct, frozen=True):
    """What one look at the ledger itself tells. ``most_connections`` None is any number."""

    now: datetime
    hold: Hold | None
    most_connections: int | None


class CensusReader(Protocol):
    """Reads of a whole ledger, of all tenants, by one thread. Each raises StoreUnavailable."""

    def page(self, after: SeatKey | None) -> list[LicenseSeats]:
        """Return the next few thousand seats in the order of their key, by license; then none."""

    def standing(self) -> Standing:
        """Return the state of the ledger itself."""

    def close(self) -> None:
        """Let go of the ledger until the next read."""


class Count:
    """The count under way. ``most_named`` licenses are kept by name, whatever there is."""

    def __init__(self, most_named: int) -> None:
        self._most_named = most_named
        self._live = self._lapsed = self._exhausted = 0
        self._most_used: list[tuple[float, str, str]] = []
        self._last: LicenseSeats | None = None

    def add(self, page: Iterable[LicenseSeats]) -> SeatKey | None:
        """Count a page; return where the next one begins, or None for one that was empty."""
        last = None
        for found in page:
            self._live += found.live
            self._lapsed += found.lapsed
            last = self._last = self._joined(found)
        return None if last is None else SeatKey(last.tenant, last.license, last.last_slot)

    def census(self) -> Census:
        """Return what was counted; nothing can be added afterwards."""
        self._finish(self._last)
        most_used = tuple(sorted(self._most_used, reverse=True))
        return Census(self._live, self._lapsed, self._exhausted, most_used)

    def _joined(self, found: LicenseSeats) -> LicenseSeats:
        """Return a license with what earlier pages had of it; the one before is complete."""
        last = self._last
        if last is None or (last.tenant, last.license) != (found.tenant, found.license):
            self._finish(last)
            return found
        return LicenseSeats(
            found.tenant,
            found.license,
            last.live + found.live,
            last.lapsed + found.lapsed,
            found.last_slot,
            found.seats,
            found.cap,
        )

    def _finish(self, whole: LicenseSeats | None) -> None:
        if whole is None or not whole.live:
            return
        self._exhausted += whole.live >= whole.cap
        use = whole.live / max(whole.seats, 1)
        named = (use, whole.tenant, whole.license)
        if len(self._most_used) < self._most_named:
            heappush(self._most_used, named)
        elif self._most_named:
            heappushpop(self._most_used, named)
