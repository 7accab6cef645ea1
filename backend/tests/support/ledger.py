"""What the ledger says after the fact, read with Django and judged without the store's code."""

from collections import Counter
from datetime import datetime
from typing import Final, NamedTuple

from audit.models import AuditEvent, DenialCount
from leasing.models import LicenseSession, Seat
from tests.support.customer import Customer

_ENDS: Final = ("seat.released", "seat.force_released", "lease.expired")
_BEGINNINGS: Final = {"seat.granted", "seat.reinstated", "lease.honored"}


class Recorded(NamedTuple):
    """One audit record about a seat."""

    action: str
    session_id: str
    slot: int | None
    reason: str


def seat_records(customer: Customer) -> list[Recorded]:
    """Return every record about seats of a customer's license, in any order."""
    events = AuditEvent.across_tenants.filter(
        license_id=customer.license.id, session_id__isnull=False
    )
    return [
        Recorded(
            event.action,
            str(event.session_id),
            event.details.get("slot"),
            event.details.get("reason", ""),
        )
        for event in events
    ]


def denials(customer: Customer) -> Counter[str]:
    """Return how often acquires of a customer's license were denied, by reason."""
    counted: Counter[str] = Counter()
    for row in DenialCount.across_tenants.filter(license_id=customer.license.id):
        counted[row.reason] += row.count
    return counted


def live_seats(customer: Customer, now: datetime) -> int:
    """Return how many seats of a customer's license are held by a lease that runs."""
    held = Seat.across_tenants.filter(license_id=customer.license.id, session_id__isnull=False)
    return sum(end > now for end in held.values_list("lease_expires_at", flat=True) if end)


def contradictions(customer: Customer) -> list[str]:
    """Return how seats, sessions and audit records of a license disagree (S15).

    Every session has one record of its beginning; it has one of its end if it ended, unless that
    was known in advance; and a seat is held by exactly the sessions that have not ended.
    """
    records = Counter((record.session_id, record.action) for record in seat_records(customer))
    found: list[str] = []
    running = set()
    for session in LicenseSession.across_tenants.filter(license_id=customer.license.id):
        found += _contradictions_of(session, records)
        if session.ended_at is None:
            running.add(str(session.id))
    held = Seat.across_tenants.filter(license_id=customer.license.id, session_id__isnull=False)
    holders = [str(seat.session_id) for seat in held]
    if sorted(holders) != sorted(running):
        found.append(f"seats are held by {holders}, sessions run: {running}")
    if strangers := {name for name, action in records if action in _BEGINNINGS}:
        found.append(f"records of grants without a session: {strangers}")
    return found


def _contradictions_of(session: LicenseSession, records: Counter[tuple[str, str]]) -> list[str]:
    """Return what is wrong with the records of a session, and take those of its beginning out."""
    name = str(session.id)
    begun = {action: records.pop((name, action), 0) for action in _BEGINNINGS}
    if session.slot is None:  # each later token of its device has a record too
        is_honored = begun["lease.honored"] and sum(begun.values()) == begun["lease.honored"]
        return [] if is_honored else [f"session {name} began without a seat: {begun}"]
    ends = sum(records[name, action] for action in _ENDS)
    found = []
    if sum(begun.values()) != 1:
        found.append(f"session {name} has not one record of its beginning: {begun}")
    if ends != (session.ended_at is not None):
        found.append(f"session {name} has {ends} records of its end")
    return found
