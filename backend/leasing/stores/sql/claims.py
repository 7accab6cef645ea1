"""Which seat of a license each grant of a batch gets."""

from collections import deque
from collections.abc import Iterable
from typing import Final

import msgspec

from leasing.errors import SeatsExhausted
from leasing.rules import Holding, Terms, lease_end, may_grant
from leasing.stores.sql.transaction import Transaction, as_hex, as_instant

FreeSeat = tuple[int, int]
"""The slot of a free seat and the gen of its last holder, 0 if it never had one."""

_RELEASED: Final = msgspec.json.Decoder(list[tuple[str, list[FreeSeat]]])


class Claims:
    """What the acquires of one batch claim of one license, one after the other.

    ``most`` is how many there can be. ``lease_end`` is where a lease granted by them ends.
    ``moved`` are the devices whose seat they changed.
    """

    def __init__(self, transaction: Transaction, terms: Terms, most: int) -> None:
        self._transaction = transaction
        self._terms = terms
        self._released: deque[FreeSeat] | None = None
        self.tenant = as_hex(terms.tenant_id)
        self.license = as_hex(terms.license_id)
        self.occupancy = transaction.occupancy(terms)
        self.lease_end = lease_end(terms, transaction.now)
        self.most = most
        self.moved: set[str] = set()

    def claim(self, former: Holding | None) -> FreeSeat:
        """Return a free seat under the cap, freed for the purpose if its lease has lapsed.

        The device's own former seat first, then released ones, then one never used; a lapsed
        holder's seat goes last, so that holders who come back late find theirs. Raises
        SeatsExhausted.
        """
        seat = self.find(former)
        if seat is None:
            raise self._exhausted()
        return seat

    def find(self, former: Holding | None) -> FreeSeat | None:
        """Return the same, or None when every seat is held; that counts as no denial."""
        if not may_grant(live=self.occupancy.live, cap=self._terms.cap):
            return None
        if former is not None and former.slot < self._terms.cap:
            return former.slot, former.gen
        if self._released is None:
            look_for_released(self._transaction, [self])
        if self._released:
            return self._released.popleft()
        if self.occupancy.rows < self._terms.cap:
            return self.occupancy.rows, 0
        return self._reclaim()

    @property
    def wanted(self) -> tuple[str, str, int] | None:
        """What to ask for to find released seats, or None when there are none."""
        if self.occupancy.rows == self.occupancy.live:
            return None
        return self.tenant, self.license, self._terms.cap

    def found_released(self, seats: Iterable[FreeSeat]) -> None:
        """Learn which seats are released, lowest slot first, as many as there can be claims."""
        self._released = deque(seats)

    def _reclaim(self) -> FreeSeat | None:
        """Free a seat whose lease has lapsed, if it is as it was when it was counted.

        Where other processes write to the ledger too, its holder may have given it back since, or
        a renewal decided before the end was committed after the count.
        """
        slot = self._lapsed_slot()
        seat = {"tenant": self.tenant, "license": self.license, "slot": slot}
        row = self._transaction.one(self._transaction.sql.SEAT, **seat)
        if row is None:
            raise AssertionError("a seat that was counted is not there")
        session, device, gen, end = row
        if session is None:
            self.occupancy.lapsed.discard(slot)
            return slot, gen
        interval_seconds = self._terms.heartbeat_interval_seconds
        if as_instant(end) > self._transaction.counted_after(interval_seconds):
            self.occupancy.found_renewed(slot, as_instant(end))
            return self.find(None)
        self._transaction.end_session(
            tenant=self.tenant,
            license=self.license,
            slot=slot,
            session=session,
            reason="taken_over",
            lease_expires_at=as_instant(end),
        )
        self.moved.add(device)
        return slot, gen

    def _lapsed_slot(self) -> int:
        slot = self.occupancy.claimable(self._terms.cap)
        if slot is None:  # more had lapsed than one scan remembers, and those are used up
            self._transaction.forget_occupancy(self.license)
            self.occupancy = self._transaction.occupancy(self._terms)
            slot = self.occupancy.claimable(self._terms.cap)
        if slot is None:
            raise AssertionError("a license with fewer live seats than its cap has none to claim")
        return slot

    def _exhausted(self) -> SeatsExhausted:
        self._transaction.count_denial(self._terms, "seats_exhausted")
        wait = self.occupancy.earliest_free() - self._transaction.now
        return SeatsExhausted(
            total=self._terms.seats,
            in_use=self.occupancy.live,
            retry_after_seconds=max(1, int(wait.total_seconds()) + 1),
        )


def look_for_released(transaction: Transaction, many: Iterable[Claims]) -> None:
    """Look for released seats of many licenses at once."""
    claims = {one.license: one for one in many}
    wanted = [one.wanted for one in claims.values() if one.wanted]
    for one in claims.values():
        one.found_released([])
    if not wanted:
        return
    most = max(one.most for one in claims.values())
    found = transaction.found(transaction.sql.RELEASED_SEATS, wanted, most=most)
    for license_, seats in _RELEASED.decode(found):
        claims[license_].found_released(seats)
