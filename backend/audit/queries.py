"""What others read of the audit: events, checkpoints, and the export that customers verify.

Everything here reads the current tenant's rows (``tenants.current``), in its transaction.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from audit.models import AuditCheckpoint, AuditEntry, AuditEvent
from tenants.current import current_tenant_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which events are wanted: None says nothing. ``since`` is included, ``until`` is not.

    ``action`` is a whole action or, with a dot at its end, the noun of many: ``license.``.
    """

    action: str | None = None
    principal: str | None = None
    license_id: UUID | None = None
    session_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


EVERYTHING = Wanted()


@dataclass(frozen=True, slots=True)
class Seen:
    """An event, and its position in the chain: None until the sealer has come by."""

    event: AuditEvent
    position: int | None


def events(
    wanted: Wanted = EVERYTHING, *, before: tuple[datetime, UUID] | None = None, most: int = 50
) -> list[Seen]:
    """Return up to ``most`` events, newest first, by instant and id.

    ``before`` is the ``(at, id)`` of the last event of the page before. Reading costs an index walk
    from there on; filters other than the instants are applied to what is walked over.
    """
    found = AuditEvent.objects.filter(_condition(wanted), tenant_id=current_tenant_id())
    if before is not None:
        at, id_ = before
        found = found.filter(at__lte=at).filter(Q(at__lt=at) | Q(id__lt=id_))
    page = list(found.order_by("-at", "-id")[:most])
    positions = _positions([event.id for event in page])
    return [Seen(event, positions.get(event.id)) for event in page]


def event(event_id: UUID) -> Seen | None:
    """Return one event of the current tenant, or None."""
    row = AuditEvent.objects.filter(tenant_id=current_tenant_id(), id=event_id).first()
    return None if row is None else Seen(row, _positions([row.id]).get(row.id))


def newest_checkpoint() -> AuditCheckpoint | None:
    """Return the newest checkpoint of the current tenant, or None before the first."""
    return AuditCheckpoint.objects.filter(tenant_id=current_tenant_id()).order_by("-size").first()


def _condition(wanted: Wanted) -> Q:
    condition = Q()
    if wanted.action is not None:
        lookup = "action__startswith" if wanted.action.endswith(".") else "action"
        condition &= Q(**{lookup: wanted.action})
    if wanted.since is not None:
        condition &= Q(at__gte=wanted.since)
    if wanted.until is not None:
        condition &= Q(at__lt=wanted.until)
    for name in ("principal", "license_id", "session_id"):
        value = getattr(wanted, name)
        if value is not None:
            condition &= Q(**{name: value})
    return condition


def _positions(event_ids: list[UUID]) -> dict[UUID, int]:
    entries = AuditEntry.objects.filter(tenant_id=current_tenant_id(), event_id__in=event_ids)
    return dict(entries.values_list("event_id", "position"))
