"""Admission: what a caller may ask of the engine a minute. Stands before it with the same verbs.

A license has a quota of acquires by the number of its seats. Each session has its own quota for
each kind of call, so no storm of acquires ever holds up a heartbeat; it is counted for each tenant
or key that asks, so nobody uses up another's (S11). A tenant has a quota over
all but releases when the settings say so, a fifth of which is kept for heartbeats. A refusal
changes nothing: the lease runs on.
"""

from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from msgspec import Struct

from foundation.clock import monotonic_seconds
from leasing.rules import Terms
from leasing.store import (
    Acquire,
    Caller,
    Heartbeat,
    Inspect,
    Lease,
    Reinstate,
    Release,
    Released,
    SessionState,
)
from soft_state.allowances import Allowances
from soft_state.rules import Limit, limit

MOST_LICENSES_KNOWN: Final = 10_000
_KEPT_FOR_HEARTBEATS: Final = 0.2


class Leases(Protocol):
    """What can be asked about leases."""

    def acquire(self, call: Acquire) -> Awaitable[Lease]:
        """Return the lease granted or resumed."""

    def renew(self, call: Heartbeat) -> Awaitable[Lease]:
        """Return the lease renewed."""

    def reinstate(self, call: Reinstate) -> Awaitable[Lease]:
        """Return the lease brought back."""

    def release(self, call: Release) -> Awaitable[Released]:
        """Give a seat back."""

    def inspect(self, call: Inspect) -> Awaitable[SessionState]:
        """Return the state of a session."""


class Quotas(Struct, frozen=True):
    """How many calls a minute are taken; ``per_tenant`` 0 means any number."""

    per_license: int = 600
    per_seat: int = 60
    per_session: int = 120
    per_tenant: int = 0


class _Known(Struct, frozen=True, gc=False):
    """What an answer told about the license of a key."""

    license: str
    tenant: str
    limit: Limit


_Asked = tuple[str | None, tuple[str, ...]]


class Admission:
    """Takes calls to the engine, or raises RateLimited.

    Which license a key belongs to is learned from answers. Until then the key itself is counted,
    as a license without seats. ``shared`` are the allowances that all processes have in common.
    """

    def __init__(
        self,
        engine: Leases,
        shared: Allowances,
        quotas: Quotas,
        clock: Callable[[], float] = monotonic_seconds,
    ) -> None:
        self._engine = engine
        self._shared = shared
        self._sessions = Allowances()
        self._quotas = quotas
        self._clock = clock
        self._known: dict[_Asked, _Known] = {}
        self._of_session = limit("session", quotas.per_session)
        self._of_stranger = limit("license", quotas.per_license)
        self._of_tenant = limit("tenant", quotas.per_tenant) if quotas.per_tenant else None

    async def acquire(self, call: Acquire) -> Lease:
        """Return the lease granted or resumed. Raises RateLimited and what the engine raises."""
        now = self._clock()
        asked = (call.caller.tenant_id, call.key_hmacs)
        known = self._known.get(asked)
        if self._of_tenant is not None:
            self._take_of_tenant(self._of_tenant, call.caller, now, kept_back=_KEPT_FOR_HEARTBEATS)
        if known is None:
            self._shared.take(self._of_stranger, f"key:{asked[0]}:{asked[1][0]}", now)
        else:
            self._shared.take(known.limit, known.license, now)
        lease = await self._engine.acquire(call)
        if known is None or known.limit.per_minute != self._per_minute(lease.terms):
            learned = self._learn(asked, lease.terms)
            if known is None:  # the call that taught it counts too
                self._shared.charge(learned.limit, learned.license, now)
        return lease

    def renew(self, call: Heartbeat) -> Awaitable[Lease]:
        """Return the lease renewed. Raises RateLimited at once and what the engine raises."""
        now = self._clock()
        self._sessions.take(self._of_session, _subject("h", call, call.instance_id), now)
        if self._of_tenant is not None:
            self._take_of_tenant(self._of_tenant, call.caller, now)
        return self._engine.renew(call)

    def reinstate(self, call: Reinstate) -> Awaitable[Lease]:
        """Return the lease brought back; its heartbeat was counted already."""
        return self._engine.reinstate(call)

    def release(self, call: Release) -> Awaitable[Released]:
        """Give a seat back. Raises RateLimited at once and what the engine raises."""
        now = self._clock()
        self._sessions.take(self._of_session, _subject("r", call, call.instance_id), now)
        return self._engine.release(call)

    def inspect(self, call: Inspect) -> Awaitable[SessionState]:
        """Return the state of a session. Raises RateLimited at once and what the engine raises."""
        now = self._clock()
        self._sessions.take(self._of_session, _subject("i", call), now)
        if self._of_tenant is not None:
            self._take_of_tenant(self._of_tenant, call.caller, now, kept_back=_KEPT_FOR_HEARTBEATS)
        return self._engine.inspect(call)

    def forget_licenses(self) -> None:
        """Learn anew how many seats each license has. For any thread."""
        self._known.clear()

    def _take_of_tenant(
        self, of_tenant: Limit, caller: Caller, now: float, *, kept_back: float = 0.0
    ) -> None:
        tenant = caller.tenant_id
        if tenant is None and (known := self._known.get((None, caller.key_hmacs))):
            tenant = known.tenant
        subject = f"tenant:{tenant or caller.key_hmacs[0]}"
        self._shared.take(of_tenant, subject, now, kept_back=kept_back)

    def _learn(self, asked: _Asked, terms: Terms) -> _Known:
        if len(self._known) >= MOST_LICENSES_KNOWN:
            self._known.clear()
        of_license = limit("license", self._per_minute(terms))
        known = _Known(f"license:{terms.license_id}", terms.tenant_id, of_license)
        self._known[asked] = known
        return known

    def _per_minute(self, terms: Terms) -> int:
        return max(self._quotas.per_license, self._quotas.per_seat * terms.seats)


def _subject(verb: str, call: Heartbeat | Release | Inspect, instance_id: str = "") -> str:
    """Return whose quota a call on a session uses: the caller's own, for it may be a stranger."""
    caller = call.caller
    return f"{verb}{caller.tenant_id or caller.key_hmacs[0]}{call.session_id}{instance_id}"
