"""What waits to be told to somebody outside, and that it was told."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Min, QuerySet

from audit.operations import record
from licenses.errors import MessageUnknown
from licenses.models import OutboxMessage
from tenants.current import current_tenant_id, tenant_transaction
from tenants.models import Tenant


def messages(*, is_delivered: bool | None = None) -> QuerySet[OutboxMessage]:
    """Return the current tenant's messages, oldest first."""
    rows = OutboxMessage.objects.order_by("created_at", "id")
    return rows if is_delivered is None else rows.filter(delivered_at__isnull=not is_delivered)


def waiting_since(tenant_ids: Iterable[UUID] | None = None) -> datetime | None:
    """Return since when the oldest undelivered message waits, or None when none does.

    Of all tenants unless some are named: one short transaction for each, so it is for a timer and
    not for a request. How old that is, is ``now`` less it.
    """
    if tenant_ids is None:
        tenant_ids = list(Tenant.objects.order_by("id").values_list("id", flat=True))
    found = [since for one in tenant_ids if (since := _waiting_since(one)) is not None]
    return min(found, default=None)


def mark_delivered(*, message_id: UUID, principal: str, now: datetime) -> OutboxMessage:
    """Say of a message of the current tenant that it was told; again changes nothing.

    Raises MessageUnknown, also for a message that was withdrawn meanwhile.
    """
    message = _locked(message_id)
    if message.delivered_at is None:
        _set(message, "outbox.delivered", principal, delivered_at=now)
    return message


def mark_waiting(*, message_id: UUID, principal: str) -> OutboxMessage:
    """Have a message told once more; one that waits goes on waiting. Raises MessageUnknown."""
    message = _locked(message_id)
    if message.delivered_at is not None:
        _set(message, "outbox.put_back", principal, delivered_at=None)
    return message


def _waiting_since(tenant_id: UUID) -> datetime | None:
    with tenant_transaction(tenant_id):
        oldest = messages(is_delivered=False).order_by().aggregate(at=Min("created_at"))["at"]
    found: datetime | None = oldest
    return found


def _locked(message_id: UUID) -> OutboxMessage:
    row = OutboxMessage.objects.select_for_update().filter(id=message_id).first()
    if row is None:
        raise MessageUnknown("there is no such message, or it was withdrawn")
    return row


def _set(
    message: OutboxMessage, action: str, principal: str, *, delivered_at: datetime | None
) -> None:
    message.delivered_at = delivered_at
    message.save(update_fields=["delivered_at"])
    record(
        action,
        tenant_id=current_tenant_id(),
        principal=principal,
        message_id=str(message.id),
        topic=message.topic,
    )
