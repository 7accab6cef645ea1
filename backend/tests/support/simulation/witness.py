"""The witness: what programs may believe, and which promise a reply breaks. It sees replies alone.

The rule is the history checker's (tests/support/beliefs.py): a belief starts when the reply
arrives and ends when the lease ends, counted from the moment the request was sent, or when a
release is sent. Here the database's clock may jump; it alone decides about leases (S13), so no
belief outlasts the lease on that clock.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from leasing.rules import HOLD_INTERVALS
from leasing.store import Lease
from tests.support.simulation.clocks import DatabaseClock
from tests.support.simulation.promises import PromiseBroken
from tests.support.simulation.virtual_loop import VirtualLoop


@dataclass(slots=True)
class Belief:
    """A program's right to run.

    ``until`` is on the loop's clock; ``lease_end`` and ``kept_until``, before which nobody may
    call the lease lost, on the database's.
    """

    session: str
    since: float
    until: float
    lease_end: datetime
    kept_until: datetime
    limit: int


@dataclass(frozen=True, slots=True)
class Holder:
    """A program: one of the instances of a device, with a license."""

    license: str
    device: str
    instance: str
    heartbeat_interval_seconds: int


class Witness:
    """Watches what every program is told."""

    def __init__(self, loop: VirtualLoop, clock: DatabaseClock) -> None:
        self._loop = loop
        self._clock = clock
        self._beliefs: dict[str, dict[str, dict[Holder, Belief]]] = defaultdict(
            lambda: defaultdict(dict)
        )
        self._gens: dict[str, tuple[int, float]] = {}
        self._went_back_at = -1.0
        self.most_holders = 0

    def was_held(self, holder: Holder, lease: Lease, *, sent_at: float, limit: int) -> None:
        """Take in a lease that a program was told of; ``limit`` is of its session's grant."""
        own = self._beliefs[holder.license][holder.device]
        self._check_one_seat(holder, own, lease, sent_at)
        self._check_gen(holder, lease, sent_at)
        seconds = (lease.lease_expires_at - lease.now).total_seconds()
        before, now = own.get(holder), self._loop.time()
        is_known = before is not None and before.session == lease.session_id
        is_newcomer = not any(self._is_live(belief) for belief in own.values())
        own[holder] = Belief(
            session=lease.session_id,
            since=before.since if before and is_known else now,
            until=max(sent_at + seconds, before.until if before and is_known else 0.0),
            lease_end=lease.lease_expires_at,
            kept_until=lease.lease_expires_at,
            limit=limit,
        )
        if is_newcomer:
            self._check_allocation(holder)

    def was_lost(self, holder: Holder, session: str, *, sent_at: float) -> None:
        """Take in that a program was told its lease is lost."""
        belief = self._beliefs[holder.license][holder.device].pop(holder, None)
        if belief is None or belief.session != session or not self._is_steady(sent_at):
            return
        if belief.since <= sent_at and self._clock() < belief.kept_until:
            raise _broken("S2", holder, f"a lease was lost that runs until {belief.kept_until}")

    def gives_back(self, holder: Holder) -> None:
        """Take in that a program sends a release."""
        self._beliefs[holder.license][holder.device].pop(holder, None)

    def clock_will_go_back(self) -> None:
        """Forget what has ended by the clock that will say it has not."""
        now = self._clock()
        for own in self._all():
            for holder in [holder for holder, belief in own.items() if belief.lease_end <= now]:
                del own[holder]
        self._went_back_at = self._loop.time()

    def hold_began(self, last_alive_at: datetime) -> None:
        """Extend what nobody may take: who was live before the silence may come back (S2)."""
        now = self._clock()
        for own in self._all():
            for holder, belief in own.items():
                if belief.kept_until > last_alive_at:
                    held = timedelta(seconds=HOLD_INTERVALS * holder.heartbeat_interval_seconds)
                    belief.kept_until = max(belief.kept_until, now + held)

    def _all(self) -> list[dict[Holder, Belief]]:
        return [own for devices in self._beliefs.values() for own in devices.values()]

    def _is_live(self, belief: Belief) -> bool:
        return belief.until > self._loop.time() and belief.lease_end > self._clock()

    def _is_steady(self, sent_at: float) -> bool:
        """Tell whether the clock did not go back during a call."""
        return sent_at > self._went_back_at

    def _check_gen(self, holder: Holder, lease: Lease, sent_at: float) -> None:
        """Let the gen of a session grow, as it does after a hold; late replies show an old one."""
        highest, heard_at = self._gens.get(lease.session_id, (0, 0.0))
        if lease.gen < highest and sent_at >= heard_at:
            raise _broken("S6", holder, "the gen of a session shrank")
        if lease.gen > highest:
            self._gens[lease.session_id] = lease.gen, self._loop.time()

    def _check_one_seat(
        self, holder: Holder, own: dict[Holder, Belief], lease: Lease, sent_at: float
    ) -> None:
        for belief in own.values():
            covers = belief.since <= sent_at and self._is_live(belief)
            if covers and belief.session != lease.session_id and self._is_steady(sent_at):
                raise _broken("S4", holder, "a second seat beside one that it holds")

    def _check_allocation(self, newcomer: Holder) -> None:
        limits = [
            max(live)
            for own in self._beliefs[newcomer.license].values()
            if (live := [belief.limit for belief in own.values() if self._is_live(belief)])
        ]
        self.most_holders = max(self.most_holders, len(limits))
        if len(limits) > (sold := max(limits, default=0)):
            sentence = f"{len(limits)} devices hold seats, where {sold} were sold"
            raise _broken("S1", newcomer, sentence)


def _broken(promise: str, holder: Holder, sentence: str) -> PromiseBroken:
    return PromiseBroken(promise, sentence, license=holder.license, device=holder.device)
