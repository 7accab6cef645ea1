"""The reclaim hold as the reference model knows it: silences, and whom they shelter."""

from datetime import datetime, timedelta

from leasing.models import LedgerState
from tests.support.clock import ManualClock

DOWN_AFTER_SECONDS = 30
STAMP_SECONDS = 5
LONGEST_HOLD_SECONDS = 1.2 * 8 * 3_600


class ModelHold:
    """When the ledger was last alive, since when there is a hold, and what it may have lost.

    What only the store can know, its last stamp before a silence, is read from the ledger.
    """

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self._last_alive = clock.now
        self._since: datetime | None = None
        self._sheltered_since = clock.now

    def tick(self) -> None:
        """Notice a silence of the ledger, and a clock that was set back."""
        self._begin_anew()
        if self._clock.now - self._last_alive > timedelta(seconds=DOWN_AFTER_SECONDS):
            self._begin()
        self._last_alive = self._clock.now

    def was_alive(self) -> None:
        """Learn that the ledger was alive all the time until now."""
        self._last_alive = self._clock.now

    def notice_restore(self) -> bool:
        """Take over the hold that a restore began; return whether the store has noticed that."""
        state = LedgerState.objects.get()
        self._last_alive = self._clock.now
        if state.hold_since != self._clock.now or state.silent_since is None:
            return False
        self._since, self._sheltered_since = state.hold_since, state.silent_since
        return True

    def shelters(self, end: datetime, *, interval_seconds: int) -> bool:
        """Tell whether a lease that has ended is still kept for its holder."""
        if self._since is None or end <= self._sheltered_since:
            return False
        return self._clock.now < self._since + timedelta(seconds=1.2 * interval_seconds)

    def may_have_lost(self, since: datetime | None) -> bool:
        return self._since is not None and since is not None and since < self._since

    def after(self, count: int) -> int:
        """Return the next gen or seq: no lower than the milliseconds of the last hold's begin."""
        return max(count + 1, self.floor())

    def floor(self) -> int:
        return int(self._since.timestamp() * 1_000) if self._since else 0

    def _begin(self) -> None:
        """Shelter who was live at the last stamp: the store's, up to 5 s before it was silent."""
        state = LedgerState.objects.get()
        is_noted = state.hold_since == self._clock.now
        stamp = state.silent_since if is_noted and state.silent_since else state.last_alive_at
        assert self._last_alive - stamp <= timedelta(seconds=STAMP_SECONDS) or is_noted
        since = self._since
        if since is None or stamp >= since + timedelta(seconds=LONGEST_HOLD_SECONDS):
            self._sheltered_since = stamp
        self._sheltered_since = min(self._sheltered_since, stamp)
        self._since = self._clock.now

    def _begin_anew(self) -> None:
        """Have a hold that is to begin later begin now, once the store has noted that."""
        now = self._clock.now
        if self._since is None or self._since <= now:
            return
        if LedgerState.objects.filter(hold_since=now).exists():
            self._since, self._sheltered_since = now, min(self._sheltered_since, now)
