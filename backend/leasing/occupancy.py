"""How full one license is, known by heart so that a full one is refused without a scan. Pure.

A scan of the seats tells exactly how many are live and which of them may lapse before a
*horizon*. Until then only those few need a look as their time comes: renewals only move ends
further away, grants and releases are told to us. So one scan serves every acquire until the
horizon, also on a license of 50,000 seats, where a scan costs milliseconds of the only writer.
"""

from bisect import insort
from datetime import datetime, timedelta
from typing import Final

HORIZON: Final = timedelta(seconds=10)
"""How far one scan looks ahead; shorter than the shortest TTL (60 s)."""

MOST_REMEMBERED: Final = 1_024
"""How many seats that lapse soon, or have lapsed, one scan brings along."""


class Occupancy:
    """The live count of one license's seats and the slots that may be claimed back.

    ``live`` and ``rows`` (the next slot never used) are exact for as long as every change is
    told. ``counted_after`` is the instant after which a lease had to end to be counted as live.
    ``upcoming`` holds ``(lease end, slot)`` of every live seat that ends before ``horizon``;
    ``lapsed`` some slots whose lease has ended and whose session has not.
    """

    def __init__(
        self,
        *,
        live: int,
        rows: int,
        counted_after: datetime,
        horizon: datetime,
        upcoming: list[tuple[datetime, int]],
        lapsed: set[int],
    ) -> None:
        self.live = live
        self.rows = rows
        self.horizon = horizon
        self.lapsed = lapsed
        self._counted_after = counted_after
        self._upcoming = sorted(upcoming)

    def is_stale(self, now: datetime) -> bool:
        """Tell whether seats may have lapsed that are not remembered: time for a scan."""
        return now >= self.horizon

    def next_due(self, now: datetime) -> int | None:
        """Return and forget a slot whose remembered end has come, or None.

        The caller looks at the row: the lease may have been renewed or released since.
        """
        if self._upcoming and self._upcoming[0][0] <= now:
            return self._upcoming.pop(0)[1]
        return None

    def found_lapsed(self, slot: int) -> None:
        """Note that a seat counted as live has lapsed."""
        if slot not in self.lapsed:
            self.lapsed.add(slot)
            self.live -= 1

    def found_live(self, slot: int, lease_expires_at: datetime) -> None:
        """Note where a live seat ends now, in case that is before the horizon."""
        if lease_expires_at < self.horizon:
            insort(self._upcoming, (lease_expires_at, slot))

    def found_renewed(self, slot: int, lease_expires_at: datetime) -> None:
        """Note that a seat counted as lapsed is live: its renewal was committed since."""
        if slot in self.lapsed:
            self.lapsed.discard(slot)
            self.live += 1
            self.found_live(slot, lease_expires_at)

    def granted(self, slot: int, lease_expires_at: datetime) -> None:
        """Count a new holder."""
        self.live += 1
        self.rows = max(self.rows, slot + 1)
        self.found_live(slot, lease_expires_at)

    def freed(self, slot: int, lease_expires_at: datetime) -> None:
        """Count a holder less, unless its lease had lapsed and is discounted already."""
        if slot in self.lapsed:
            self.lapsed.discard(slot)
        elif lease_expires_at > self._counted_after:
            self.live -= 1

    def claimable(self, cap: int) -> int | None:
        """Return the lowest remembered slot under the cap whose lease has lapsed, or None."""
        return min((slot for slot in self.lapsed if slot < cap), default=None)

    def earliest_free(self) -> datetime:
        """Return the earliest instant at which a seat can lapse that is live now."""
        return self._upcoming[0][0] if self._upcoming else self.horizon
