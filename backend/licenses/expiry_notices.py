"""Notices that a license is about to end, put into the outbox once for each threshold."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from foundation.clock import rfc3339
from licenses.models import License, OutboxMessage
from licenses.rules import NOTICE_DAYS, LicenseStatus, due_notice
from tenants.current import tenant_transaction
from tenants.models import Tenant

TOPIC: Final = "license.expiring"
_AT_A_TIME: Final = 500


def due_notices(*, now: datetime) -> int:
    """Put every notice that is due into the outbox, tenant by tenant; return how many.

    Safe to run at any time, twice at once, and again after it was killed: a threshold of one end
    of one license is spoken of once. Licenses that were revoked are not.
    """
    tenants = list(Tenant.objects.order_by("id").values_list("id", flat=True))
    return sum(_due_of_tenant(tenant_id, now) for tenant_id in tenants)


def withdraw(*, license: License) -> None:
    """Take back the undelivered notices of a license whose end was moved."""
    OutboxMessage.objects.filter(topic=TOPIC, subject_id=license.id, delivered_at=None).exclude(
        payload__expires_at=rfc3339(license.expires_at)
    ).delete()


def withdraw_all(*, license: License) -> None:
    """Take back every undelivered notice of a license that was ended."""
    OutboxMessage.objects.filter(topic=TOPIC, subject_id=license.id, delivered_at=None).delete()


def _due_of_tenant(tenant_id: UUID, now: datetime) -> int:
    count, after = 0, UUID(int=0)
    while True:
        with tenant_transaction(tenant_id):
            licenses = _ending(after, now)
            count += _put(licenses, now)
        if len(licenses) < _AT_A_TIME:
            return count
        after = licenses[-1].id


def _ending(after: UUID, now: datetime) -> list[License]:
    """Return the next licenses near their end, whose end nobody moves in this transaction."""
    last = now + timedelta(days=max(NOTICE_DAYS))
    rows = License.objects.select_for_update(no_key=True).filter(
        expires_at__gt=now, expires_at__lte=last, id__gt=after
    )
    unrevoked = rows.exclude(status=LicenseStatus.REVOKED.value)
    return list(unrevoked.order_by("id")[:_AT_A_TIME])


def _put(licenses: list[License], now: datetime) -> int:
    messages = {message.key: message for message in (_message(row, now) for row in licenses)}
    told = OutboxMessage.objects.filter(key__in=messages)
    for key in told.values_list("key", flat=True):
        del messages[key]
    OutboxMessage.objects.bulk_create(messages.values(), ignore_conflicts=True)
    return len(messages)


def _message(license: License, now: datetime) -> OutboxMessage:
    days, end = due_notice(expires_at=license.expires_at, now=now), rfc3339(license.expires_at)
    return OutboxMessage(
        tenant_id=license.tenant_id,
        topic=TOPIC,
        subject_id=license.id,
        key=f"{TOPIC}:{license.id}:{days}:{end}",
        payload={"license_id": str(license.id), "days": days, "expires_at": end},
    )
