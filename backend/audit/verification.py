"""Verifies a tenant's audit where it is kept: the chain, its checkpoints, and every event's row.

A copy of the chain that was cut short or exchanged as a whole is consistent in itself: only
checkpoints that were kept elsewhere tell. Hand them in.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from audit.book import BEGINNING, Place, place_after, without_entry
from audit.checkpoints import Notary
from audit.exports import export_lines, readable, salts_of
from audit.models import AuditEntry, AuditEvent
from audit.rules import Event, sealed
from audit.sealing import LOOKED_AT, event_of, lock_head
from coditect_license_token.audit_chain import FIRST_HASH
from coditect_license_token.audit_export import Finding, Verdict, verify_export
from tenants.current import tenant_transaction

SEALED_WITHIN: Final = timedelta(minutes=10)
"""An event older than this without an entry was not seen by any sealer, or put in behind its back.
"""

_PAGE: Final = 500


@dataclass(slots=True)
class Audited:
    """What was found: the chain's verdict, and what is wrong with the rows of events.

    ``unsealed`` events wait for the sealer.
    """

    chain: Verdict
    rows: list[Finding] = field(default_factory=list)
    unsealed: int = 0

    @property
    def findings(self) -> list[Finding]:
        """Everything found, the chain's first."""
        return [*self.chain.findings, *self.rows]

    @property
    def is_good(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


def verify_tenant(
    tenant_id: UUID,
    *,
    notary: Notary,
    now: datetime,
    first: int = 1,
    last: int | None = None,
    kept: Iterable[str] = (),
) -> Audited:
    """Return what a tenant's audit proves; reads all of it from ``first`` on.

    With ``last``, what is wrong behind it is left out. ``kept`` are checkpoints kept elsewhere. A
    chain that begins later than 1 is believed as far as a checkpoint right before it vouches.
    """
    lines = export_lines(tenant_id, origin=notary.origin_of(tenant_id), first=first)
    found = Audited(verify_export(lines, keys=notary.keys, kept=kept))
    for page in _pages(tenant_id, first, last):
        with tenant_transaction(tenant_id):
            found.rows += _compare(tenant_id, page)
    with tenant_transaction(tenant_id):
        found.rows += _head(tenant_id)
    found.unsealed, late = _without_entry(tenant_id, now)
    found.rows += late
    if last is not None:
        found.chain.findings = [f for f in found.chain.findings if (f.position or 0) <= last]
    return found


def _pages(tenant_id: UUID, first: int, last: int | None) -> Iterator[list[AuditEntry]]:
    place: int | None = first
    while place is not None:
        with tenant_transaction(tenant_id):
            rows = AuditEntry.objects.filter(tenant_id=tenant_id, position__gte=place)
            if last is not None:
                rows = rows.filter(position__lte=last)
            page = list(rows.order_by("position")[:_PAGE])
        yield page
        place = page[-1].position + 1 if len(page) == _PAGE else None


def _compare(tenant_id: UUID, page: list[AuditEntry]) -> list[Finding]:
    entries = [readable(row.entry) for row in page]
    salts = salts_of(tenant_id, entries)
    rows = AuditEvent.objects.filter(tenant_id=tenant_id, id__in=[row.event_id for row in page])
    events = {row.id: event_of(row) for row in rows}
    found = (
        _difference(row, entry, events.get(row.event_id), salts)
        for row, entry in zip(page, entries, strict=True)
    )
    return [finding for finding in found if finding is not None]


def _difference(
    row: AuditEntry, entry: dict[str, Any], event: Event | None, salts: dict[str, bytes]
) -> Finding | None:
    if event is None:
        return Finding("deleted", row.position, f"the event {row.event_id} is gone")
    if event.text(row.position, _as_sealed(entry, event, salts)) != row.entry:
        return Finding("edited", row.position, f"the event {row.event_id} is not what was sealed")
    return None


def _as_sealed(entry: dict[str, Any], event: Event, salts: dict[str, bytes]) -> dict[str, Any]:
    """Return what the event's personal values would be sealed as; of forgotten ones, what was."""
    personal, made = event.personal, {}
    for name, was in entry["personal"].items():
        if name not in personal:
            made[name] = was  # gone: the chain's verdict asks for the record of it
        elif was["subject"] in salts:
            subject = was["subject"]
            made[name] = sealed(salts[subject], subject, event.id, name, personal[name].value)
    added = personal.keys() - entry["personal"].keys()
    return made | {name: {} for name in added}


def _head(tenant_id: UUID) -> list[Finding]:
    head = lock_head()
    newest = AuditEntry.objects.filter(tenant_id=tenant_id).order_by("-position").first()
    is_so = (0, FIRST_HASH.hex()) if newest is None else (newest.position, newest.hash)
    if (head.size, head.hash) == is_so:
        return []
    return [Finding("head", None, "the head says another length or hash than the last entry")]


def _without_entry(tenant_id: UUID, now: datetime) -> tuple[int, list[Finding]]:
    """Return how many events have no entry yet, and findings for those that should have one."""
    count, late = 0, []
    place: Place | None = BEGINNING
    while place is not None:
        with tenant_transaction(tenant_id):
            end = place_after(tenant_id, place, LOOKED_AT)
            events = without_entry(tenant_id, place, end, most=LOOKED_AT)
        late += [
            Finding("unsealed", None, f"the event {event.id} of {event.at} has no entry")
            for event in events
            if datetime.fromisoformat(event.at) < now - SEALED_WITHIN
        ]
        count, place = count + len(events), end
    return count, late
