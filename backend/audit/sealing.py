"""Sealing: events become entries of their tenant's chain, each of them once.

Everything here runs in a transaction of the tenant. The lock of the head makes those who seal the
same chain take turns; the keys of the entries are the last guard. What an event's transaction
wrote is found by looking whether it has an entry, never by how old it is.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from audit.book import Entry, Place, insert, place_after, place_of, without_entry
from audit.models import AuditCheckpoint, AuditEvent, AuditHead, AuditSubject
from audit.rules import Event, sealed
from coditect_license_token.audit_chain import FIRST_HASH, next_hash
from foundation.clock import rfc3339
from tenants.current import current_tenant_id

LOOKED_AT: Final = 2_000
MOST_SEALED: Final = 250
"""What one transaction does: bounded, for SQLite's other writers wait meanwhile."""

_SALT_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Page:
    """What one look found: how many events became entries, and where to go on (None: the end).

    ``oldest`` is when the first of them happened.
    """

    sealed: int
    next: Place | None
    oldest: datetime | None = None


def seal_page(after: Place) -> Page:
    """Seal up to MOST_SEALED events without an entry among the next LOOKED_AT, in their order."""
    tenant_id, known = current_tenant_id(), head()
    end = place_after(tenant_id, after, LOOKED_AT)
    events = without_entry(tenant_id, after, end, most=MOST_SEALED)
    if not events:
        return Page(0, end)
    oldest, _ = place_of(events[0])
    head_ = lock_head()
    if known is None or head_.size != known.size:  # another has sealed since
        events = without_entry(tenant_id, after, end, most=MOST_SEALED)
    if events:
        _append(head_, events)
    is_cut_short = len(events) == MOST_SEALED
    return Page(len(events), place_of(events[-1]) if is_cut_short else end, oldest)


def lock_head() -> AuditHead:
    """Return the current tenant's head, made when it is missing, and nobody else's until the end.

    The lock lasts as long as the transaction.
    """
    tenant_id = current_tenant_id()
    AuditHead.objects.bulk_create(
        [AuditHead(tenant_id=tenant_id, hash=FIRST_HASH.hex())], ignore_conflicts=True
    )
    return AuditHead.objects.select_for_update().get(tenant_id=tenant_id)


def head() -> AuditHead | None:
    """Return how far the current tenant's chain has come, or None before the first entry."""
    return AuditHead.objects.filter(tenant_id=current_tenant_id()).first()


def keep_checkpoint(*, size: int, note: str, now: datetime) -> None:
    """Keep a signed checkpoint of the current tenant; one of the same size stays as it is."""
    tenant_id = current_tenant_id()
    AuditCheckpoint.objects.bulk_create(
        [AuditCheckpoint(tenant_id=tenant_id, size=size, note=note, made_at=now)],
        ignore_conflicts=True,
    )
    AuditHead.objects.filter(tenant_id=tenant_id, checkpoint_size__lt=size).update(
        checkpoint_size=size, checkpoint_at=now
    )


def event_of(row: AuditEvent) -> Event:
    """Return an event as rules know it."""
    return Event(
        tenant_id=str(row.tenant_id),
        id=str(row.id),
        at=rfc3339(row.at),
        action=row.action,
        principal=row.principal,
        license_id=None if row.license_id is None else str(row.license_id),
        session_id=None if row.session_id is None else str(row.session_id),
        details=row.details if isinstance(row.details, dict) else {"value": row.details},
    )


def _append(head: AuditHead, events: list[Event]) -> None:
    personal = [event.personal for event in events]
    subjects = _subjects({p.subject for fields in personal for p in fields.values()})
    hash_, entries = bytes.fromhex(head.hash), []
    for position, (event, fields) in enumerate(zip(events, personal, strict=True), head.size + 1):
        values = {
            field: sealed(*subjects[p.subject], event.id, field, p.value)
            for field, p in fields.items()
        }
        text = event.text(position, values)
        hash_ = next_hash(hash_, text)
        entries.append(Entry(position, event.id, text, hash_.hex()))
    insert(head.tenant_id, entries)
    AuditHead.objects.filter(tenant_id=head.tenant_id).update(
        size=head.size + len(entries), hash=hash_.hex()
    )


def _subjects(names: set[str]) -> dict[str, tuple[bytes, str]]:
    """Return salts and ids of subjects, made for those who are new; the head is locked."""
    tenant_id = current_tenant_id()
    rows = list(AuditSubject.objects.filter(tenant_id=tenant_id, subject__in=names))
    fresh = [
        AuditSubject(tenant_id=tenant_id, subject=name, salt=secrets.token_hex(_SALT_BYTES))
        for name in sorted(names - {row.subject for row in rows})
    ]
    AuditSubject.objects.bulk_create(fresh)
    return {row.subject: (bytes.fromhex(row.salt), str(row.id)) for row in (*rows, *fresh)}
