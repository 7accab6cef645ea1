"""What one process knows by heart of the seats of licenses, beside others that change them.

Each change of a license's seats has a version. What led to the latest versions is kept beside the
seats, so a process that knows an earlier version hears what happened since in place of looking at
every seat again.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from msgspec import Struct

from leasing.occupancy import Occupancy
from leasing.rules import Hold, Terms
from leasing.stores.postgres.rows import Held

CHANGES_KEPT: Final = 32
"""How many versions of a license's seats can be told. One is a batch of one process: this is more
than a process misses between two batches of its own."""


MOST_TERMS: Final = 10_000
"""Of how many licenses, or versions of them, the terms are known by heart: a kilobyte each."""


class SeatChange(Struct, frozen=True, array_like=True, gc=False):
    """A seat that was granted or freed, and where its lease ends or ended."""

    slot: int
    lease_expires_at: datetime
    is_grant: bool


class KeptChanges(Struct, frozen=True, array_like=True, gc=False):
    """What led to one version, as a row; ``changes`` are SeatChanges in JSON."""

    tenant: str
    license: str
    place: int
    version: int
    changes: str


class Told(Struct, frozen=True, array_like=True, gc=False):
    """What led to one version, as it is read."""

    version: int
    changes: list[SeatChange]


class Known:
    """The occupancies that a process knows, each with the version that it is known at.

    ``_ahead`` are versions of our own after that one, which the occupancy has already.
    """

    def __init__(self) -> None:
        self.occupancies: dict[str, Occupancy] = {}
        self._versions: dict[str, int] = {}
        self._ahead: dict[str, set[int]] = {}
        self._terms: dict[tuple[str, str], Terms] = {}
        self._at: datetime | None = None
        self._hold: Hold | None = None

    def is_now(self, now: datetime, hold: Hold | None) -> None:
        """Forget what was counted at a later instant (S13), or under another hold."""
        if hold != self._hold or (self._at is not None and now < self._at):
            self.forget_all()
        if len(self._terms) > MOST_TERMS:
            self._terms.clear()
        self._at, self._hold = now, hold

    def version(self, license: str) -> int | None:
        """Return the version at which the seats of a license are known, None when they are not."""
        return self._versions.get(license) if license in self.occupancies else None

    def looked_at(self, license: str, version: int) -> None:
        """Learn that all seats were looked at when a version stood."""
        self._versions[license] = version
        self._ahead[license] = set()

    def moved_to(self, license: str, version: int) -> None:
        """Learn the version that a change of our own led to."""
        if license in self.occupancies:
            self._ahead[license].add(version)

    def hear(self, license: str, version: int, told: Iterable[Told]) -> None:
        """Learn what led to the version that stands; forget all when a part of it is not told."""
        known = self.version(license)
        if known is None:
            return
        heard = {one.version: one.changes for one in told}
        missed = set(range(known + 1, version + 1)) - self._ahead[license]
        if not missed <= heard.keys():
            del self.occupancies[license]
            return
        for one in sorted(missed):
            _apply(self.occupancies[license], heard[one])
        self.looked_at(license, version)

    def has_terms_of(self, held: Held) -> bool:
        """Tell whether the terms of a license are known, as they are at the version that stands."""
        return (held.license, held.version) in self._terms

    def terms_of(self, held: Held) -> Terms:
        """Return the terms of a license as they were learned."""
        return self._terms[held.license, held.version]

    def learn_terms(self, held: Held, terms: Terms) -> None:
        """Learn the terms of a license at a version; one that is changed gets another version."""
        self._terms[held.license, held.version] = terms

    def forget_all(self) -> None:
        """Forget everything, as after a rollback."""
        self.occupancies.clear()
        self._terms.clear()


def _apply(occupancy: Occupancy, changes: Iterable[SeatChange]) -> None:
    for change in changes:
        if change.is_grant:
            occupancy.granted(change.slot, change.lease_expires_at)
        else:
            occupancy.freed(change.slot, change.lease_expires_at)
