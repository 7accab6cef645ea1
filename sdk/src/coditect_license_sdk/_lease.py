"""What a program sees of its lease. The story behind it is `_holding`; nothing here does I/O."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypedDict

from coditect_license_sdk._clock import Clock
from coditect_license_sdk._dialogue import Grant
from coditect_license_sdk._holding import Holding
from coditect_license_sdk._plan import Event, LeaseState
from coditect_license_sdk.errors import LeaseForked, LeaseLost, LicenseError, NotEntitled

Callback = Callable[[Any], object]


class Callbacks(TypedDict, total=False):
    """What may be told of a lease; each is called with the lease.

    on_renewed: it reaches further now (this also ends a risk). on_at_risk: renewal keeps failing
    and less than half is left, or the license was refused; `lease.reason` says why. on_lost: it is
    over; stop what needs it. on_restored: a seat is held again.
    """

    on_renewed: Callback
    on_at_risk: Callback
    on_lost: Callback
    on_restored: Callback


def callback_for(event: Event, callbacks: Callbacks) -> Callback | None:
    """Give the callback that an event calls, or None."""
    return {
        Event.RENEWED: callbacks.get("on_renewed"),
        Event.AT_RISK: callbacks.get("on_at_risk"),
        Event.LOST: callbacks.get("on_lost"),
        Event.RESTORED: callbacks.get("on_restored"),
    }[event]


class LeaseView:
    """The facts of a lease. Every one of them was verified; all may be read from any thread."""

    def __init__(self, holding: Holding, clock: Clock, grant: Grant) -> None:
        self._holding = holding
        self._clock = clock
        self._first_grant = grant
        self._released = False
        self._process_id = os.getpid()

    @property
    def session_id(self) -> str:
        """The session this lease belongs to; a restored lease may have another."""
        return self._grant.claims.session_id

    @property
    def tier(self) -> str:
        """The license's tier."""
        return self._grant.claims.tier

    @property
    def entitlements(self) -> frozenset[str]:
        """What the license allows beyond running."""
        return frozenset(self._grant.claims.entitlements)

    @property
    def license_expires_at(self) -> datetime:
        """The license's own end, in UTC."""
        return datetime.fromisoformat(self._grant.claims.license_expires_at)

    @property
    def lease_expires_at(self) -> datetime:
        """The lease's end on the server's clock, in UTC; `remaining_seconds` is what to act on."""
        return datetime.fromtimestamp(self._grant.claims.expires, UTC)

    @property
    def seats_total(self) -> int | None:
        """How many seats the license has, as the server last said."""
        return self._grant.seats_total

    @property
    def seats_in_use(self) -> int | None:
        """How many seats were held when this one was granted."""
        return self._grant.seats_in_use

    @property
    def offline(self) -> bool:
        """Whether this lease was taken up from the cache and the server not yet reached."""
        return self._holding.offline

    @property
    def reason(self) -> LicenseError | None:
        """What went wrong last; None while all is well."""
        return self._holding.reason

    @property
    def state(self) -> LeaseState:
        """How the lease stands now. Time counts even if nobody keeps it."""
        if os.getpid() != self._process_id:
            return LeaseState.FORKED
        if self._released:
            return LeaseState.RELEASED
        return self._holding.plan.state if self._left_seconds() > 0 else LeaseState.LOST

    def is_valid(self) -> bool:
        """Say whether the program may run now. It asks nobody and is fast."""
        return self.state in {LeaseState.HELD, LeaseState.AT_RISK}

    def remaining_seconds(self) -> float:
        """Say how long the program may run without another renewal."""
        return self._left_seconds() if self.is_valid() else 0.0

    def require(self, entitlement: str | None = None) -> None:
        """Return if the lease is in force, and covers the entitlement if given.

        Raises LeaseForked in a child process, LeaseLost when it is over, NotEntitled.
        """
        if self.state is LeaseState.FORKED:
            raise LeaseForked("the lease belongs to the parent process: acquire one here")
        if not self.is_valid():
            raise LeaseLost(f"the lease is {self.state.value}", reason=self._loss())
        if entitlement is not None and entitlement not in self.entitlements:
            raise NotEntitled(f"the license does not cover {entitlement}")

    def proof(self) -> dict[str, str]:
        """Give the signed documents, for `coditect-license verify` or a log."""
        proof = self._grant.proof
        return {"license_token": proof.license_token, "delegation": proof.delegation}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.session_id} {self.state.value}>"

    @property
    def _grant(self) -> Grant:
        return self._holding.grant or self._first_grant

    def _left_seconds(self) -> float:
        window = self._holding.plan.window
        return 0.0 if window is None else window.ends_at - self._clock.boot_seconds()

    def _loss(self) -> str:
        if self._released:
            return "released"
        reason = self._holding.reason
        return reason.reason if isinstance(reason, LeaseLost) else "expired"
