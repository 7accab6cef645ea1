"""Sealing: events become entries of their tenant's chain, each of them once.

Everything here runs in a transaction of the tenant. The lock of the head makes those who seal the
same chain take turns; the keys of the entries are the last guard. What an event's transaction
wrote is found by looking whether it has an entry, never by how old it is.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Q

from audit.models import AuditCheckpoint, AuditEntry, AuditEvent, AuditHead, AuditSubject
from audit.rules import Event, sealed
from coditect_license_token.audit_chain import FIRST_HASH, next_hash
from foundation.clock import rfc3339
from tenants.current import current_tenant_id

PAGE: Final = 500
"""Events looked at in one transaction: bounded, for SQLite's other writers wait meanwhile."""

_SALT_BYTES: Final = 32

Place = tuple[datetime, UUID]
"""Where in the order of instants and ids a walk along the events is."""


@dataclass(frozen=True, slots=True)
class Page:
    """What one look found: how many events became entries, and where to go on (None: the end)."""

    sealed: int
    next: Place | None


def seal_page(after: Place | None) -> Page:
    """Seal what has no entry yet among the next PAGE events, in the order of instants and ids."""
    ids, goes_on = unsealed(after)
    if not ids:
        return Page(0, goes_on)
    head = lock_head()
    events = _events(_without_entry(ids))  # again: another may have sealed while we waited
    _append(head, events)
    return Page(len(events), goes_on)


def unsealed(after: Place | None) -> tuple[set[UUID], Place | None]:
    """Return which of the next PAGE events have no entry, and where to go on (None: the end)."""
    places = list(
        AuditEvent.objects.filter(_beyond(after), tenant_id=current_tenant_id())
        .order_by("at", "id")
        .values_list("at", "id")[:PAGE]
    )
    ids = _without_entry({id_ for _, id_ in places})
    return ids, places[-1] if len(places) == PAGE else None


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
    details = row.details if isinstance(row.details, dict) else {"value": row.details}
    return Event(
        tenant_id=row.tenant_id,
        id=row.id,
        at=rfc3339(row.at),
        action=row.action,
        principal=row.principal,
        license_id=row.license_id,
        session_id=row.session_id,
        details=details,
    )


def _beyond(after: Place | None) -> Q:
    if after is None:
        return Q()
    at, id_ = after
    return Q(at__gte=at) & (Q(at__gt=at) | Q(id__gt=id_))


def _without_entry(ids: set[UUID]) -> set[UUID]:
    entries = AuditEntry.objects.filter(tenant_id=current_tenant_id(), event_id__in=ids)
    return ids - set(entries.values_list("event_id", flat=True))


def _events(ids: set[UUID]) -> list[Event]:
    rows = AuditEvent.objects.filter(tenant_id=current_tenant_id(), id__in=ids)
    return [event_of(row) for row in rows.order_by("at", "id")]


def _append(head: AuditHead, events: list[Event]) -> None:
    subjects = _subjects({p.subject for event in events for p in event.personal.values()})
    hash_, entries = bytes.fromhex(head.hash), []
    for position, event in enumerate(events, head.size + 1):
        text = event.text(position, _sealed_values(event, subjects))
        hash_ = next_hash(hash_, text)
        entries.append(
            AuditEntry(
                tenant_id=event.tenant_id,
                position=position,
                event_id=event.id,
                entry=text,
                hash=hash_.hex(),
            )
        )
    AuditEntry.objects.bulk_create(entries)
    AuditHead.objects.filter(tenant_id=head.tenant_id).update(
        size=head.size + len(entries), hash=hash_.hex()
    )


def _sealed_values(event: Event, subjects: dict[str, AuditSubject]) -> dict[str, Any]:
    return {
        field: sealed(
            bytes.fromhex(subjects[personal.subject].salt),
            subjects[personal.subject].id,
            event.id,
            field,
            personal.value,
        )
        for field, personal in event.personal.items()
    }


def _subjects(names: set[str]) -> dict[str, AuditSubject]:
    """Return the rows of subjects, made for those who are new; the head is locked."""
    tenant_id = current_tenant_id()
    rows = AuditSubject.objects.filter(tenant_id=tenant_id, subject__in=names)
    known = {row.subject: row for row in rows}
    fresh = [
        AuditSubject(tenant_id=tenant_id, subject=name, salt=secrets.token_hex(_SALT_BYTES))
        for name in sorted(names - known.keys())
    ]
    AuditSubject.objects.bulk_create(fresh)
    return known | {row.subject: row for row in fresh}
