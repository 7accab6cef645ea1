"""Every decision about seats and leases. Pure: values and ``now`` in, values out.

All instants are aware and UTC and come from the store's clock. Ids are text in the form
``8-4-4-4-12``.
"""

from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from identity.rules import PrincipalKind
from leasing.errors import BorrowingOff, LeaseLost, LoanTooLong
from licenses.errors import LicenseExpired, LicenseRefused, LicenseRevoked, LicenseSuspended
from licenses.rules import LicenseStatus

UNNAMED: Final = ""
"""The instance of calls that name none."""

HOLD_INTERVALS: Final = 1.2
"""How long lapsed seats are held for their owners after a gap, in heartbeat intervals."""

GAP_SECONDS: Final = 30
"""A ledger that was silent for longer than this was down (docs/acquire-cycle.md)."""

SHORTEST_EXTENSION_SECONDS: Final = 60
LONGEST_EXTENSION_SECONDS: Final = 4 * 3_600
"""Leases are extended by no more than a third of what a token can say: it lives 12 h at most."""

_EARLIEST_START: Final = timedelta(seconds=300)
"""How far ahead of the ledger's clock a token may have been signed: that clock can be set back."""

_PERSON: Final = f"{PrincipalKind.USER.value}:"

_LONGEST_HOLD: Final = timedelta(seconds=HOLD_INTERVALS * 24 * 3_600 / 3)
"""Of the licenses that beat most seldom: a third of the longest TTL."""


class Hold(Struct, frozen=True, gc=False):
    """Since when reclaims are held, and when the ledger had fallen silent before."""

    since: datetime
    silent_since: datetime


class Terms(Struct, frozen=True, array_like=True, gc=False):
    """What a license says, read in the transaction that decides about it."""

    tenant_id: str
    license_id: str
    audience: str
    tier: str
    entitlements: tuple[str, ...]
    seats: int
    overdraft_seats: int
    status: LicenseStatus
    expires_at: datetime
    ttl_seconds: int
    heartbeat_interval_seconds: int
    key_auth: bool
    seats_per_person: int | None = None

    @property
    def cap(self) -> int:
        """How many seats may be held at once."""
        return self.seats + self.overdraft_seats


class Evidence(Struct, frozen=True, gc=False):
    """What a signed token, verified, says of a lease that the ledger may have lost."""

    tenant_id: str
    license_id: str
    audience: str
    device: str
    gen: int
    seq: int
    issued_at: datetime
    expires_at: datetime


class Holding(Struct, frozen=True, array_like=True, gc=False):
    """One session and the seat it holds, with the counters of its tokens.

    ``unnamed_expires_at`` is the end of the part of the lease that calls without an instance
    hold; the token instants are those of the last token signed for the instance in question.
    """

    session_id: str
    slot: int
    gen: int
    device: str
    lease_expires_at: datetime
    unnamed_expires_at: datetime | None
    seq: int
    token_issued_at: datetime | None
    token_expires_at: datetime | None


def refusal(terms: Terms, now: datetime) -> LicenseRefused | None:
    """Return why a license gives no right at an instant, or None when it does."""
    if terms.status is LicenseStatus.REVOKED:
        return LicenseRevoked("the license was revoked")
    if terms.status is LicenseStatus.SUSPENDED:
        return LicenseSuspended("the license is suspended")
    if terms.expires_at <= now:
        return LicenseExpired("the license has expired")
    return None


def lease_end(terms: Terms, now: datetime, current: datetime | None = None) -> datetime:
    """Return where a lease granted or renewed now ends: one TTL on, not past the license.

    Never before ``current``, the end it has already (S7).
    """
    end = min(now + timedelta(seconds=terms.ttl_seconds), terms.expires_at)
    return end if current is None else max(end, current)


def loan_refusal(offline_seconds: int, seconds: float) -> BorrowingOff | LoanTooLong | None:
    """Return why a policy lends no seat for so long, or None when it does."""
    if offline_seconds == 0:
        return BorrowingOff("the license lends no seats")
    if seconds > offline_seconds:
        return LoanTooLong(offline_seconds)
    return None


def loan_end(now: datetime, seconds: int, license_expires_at: datetime) -> datetime:
    """Return where a loan made now ends: not past the license."""
    return min(now + timedelta(seconds=seconds), license_expires_at)


def extended_end(
    *,
    status: LicenseStatus,
    license_expires_at: datetime,
    lease_expires_at: datetime,
    until: datetime,
    now: datetime,
) -> datetime | None:
    """Return where an extended lease ends, not past its license; None where it stays as it is.

    Only a live lease of an active license is extended, and never shortened (S7): its holder is
    counted already, so nobody is added (S1).
    """
    end = min(until, license_expires_at)
    if status is not LicenseStatus.ACTIVE or not is_live(lease_expires_at, now):
        return None
    return end if end > lease_expires_at else None


def is_live(lease_expires_at: datetime | None, now: datetime) -> bool:
    """Tell whether a lease runs at an instant; its end itself is outside."""
    return lease_expires_at is not None and lease_expires_at > now


def hold_end(hold: Hold | None, heartbeat_interval_seconds: int, now: datetime) -> datetime | None:
    """Return until when lapsed seats wait for their owners, or None when they do not (S2)."""
    if hold is None:
        return None
    end = hold.since + timedelta(seconds=HOLD_INTERVALS * heartbeat_interval_seconds)
    return end if now < end else None


def counted_after(hold: Hold | None, heartbeat_interval_seconds: int, now: datetime) -> datetime:
    """Return the instant after which a lease must end to count.

    That is now; during a hold, the instant when the ledger fell silent. A lease that lapsed
    before was lost while the ledger was there, and its seat may be somebody else's by now (S1).
    """
    if hold is None or hold_end(hold, heartbeat_interval_seconds, now) is None:
        return now
    return min(hold.silent_since, now)


def hold_seen_at(hold: Hold | None, now: datetime) -> Hold | None:
    """Return a hold as it counts now, at most one whole hold longer.

    One that begins later than now was noted before the clock was set back: it begins now (S13).
    """
    if hold is None or hold.since <= now:
        return hold
    return Hold(now, min(hold.silent_since, now))


def hold_after(silent_since: datetime, now: datetime, before: Hold | None) -> Hold:
    """Return the hold that begins now, after a silence.

    Who was sheltered by the hold ``before`` may not have come back yet when the ledger fell silent
    again: then the shelter reaches back as far as it did.
    """
    if before is not None and silent_since < before.since + _LONGEST_HOLD:
        return Hold(now, min(before.silent_since, silent_since))
    return Hold(now, silent_since)


def lowest_count(hold: Hold | None) -> int:
    """Return what no gen and no seq given from now on may be below (S6).

    Before a hold the ledger may have lost counts, in a restore or a failover. Milliseconds since
    the epoch are more than any that were reached by counting one by one.
    """
    return 0 if hold is None else int(hold.since.timestamp() * 1_000)


def next_count(last: int, lowest: int) -> int:
    """Return the gen or seq that follows the last one known."""
    return max(last + 1, lowest)


def is_evidence_of(evidence: Evidence, terms: Terms) -> bool:
    """Tell whether a token speaks of this license, and for its product."""
    told = evidence.tenant_id, evidence.license_id, evidence.audience
    return told == (terms.tenant_id, terms.license_id, terms.audience)


def is_evidence_in_force(evidence: Evidence, now: datetime) -> bool:
    """Tell whether a token runs now, on the ledger's clock (docs/token-format.md, 1.5)."""
    return evidence.issued_at - now <= _EARLIEST_START and now < evidence.expires_at


def may_have_lost(hold: Hold | None, since: datetime) -> bool:
    """Tell whether the ledger may have lost what happened since an instant: before a hold."""
    return hold is not None and since < hold.since


def loss(
    terms: Terms, lease_expires_at: datetime, *, hold: Hold | None, now: datetime
) -> LeaseLost | None:
    """Return why a heartbeat comes too late, or None when it renews.

    A lapsed lease is over, unless the ledger itself was away: then its owner may renew.
    """
    if lease_expires_at > counted_after(hold, terms.heartbeat_interval_seconds, now):
        return None
    return LeaseLost("expired")


def token_end(lease_expires_at: datetime, latest: datetime | None) -> datetime:
    """Return where a token signed for a lease ends: with it, or where its key may sign no more."""
    return lease_expires_at if latest is None else min(lease_expires_at, latest)


def is_token_due(issued_at: datetime | None, expires_at: datetime | None, now: datetime) -> bool:
    """Tell whether the last token signed is past half its life, or there is none."""
    if issued_at is None or expires_at is None:
        return True
    return now - issued_at >= (expires_at - issued_at) / 2


def may_grant(*, live: int, cap: int) -> bool:
    """Tell whether one more seat may be held: never over the cap (S1, S12)."""
    return live < cap


def is_person(principal: str) -> bool:
    """Tell whether an audit label names a person; keys and workloads are shared by many."""
    return principal.startswith(_PERSON)


def personal_cap(terms: Terms, default: int) -> int:
    """Return how many seats one person may hold at once; 0 is any number."""
    return default if terms.seats_per_person is None else terms.seats_per_person


def was_away(last_alive_at: datetime, now: datetime) -> bool:
    """Tell whether the ledger was silent long enough that live holders may have lapsed."""
    return (now - last_alive_at).total_seconds() > GAP_SECONDS
