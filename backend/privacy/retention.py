"""Forgetting what has been kept long enough: a little at a time, beside running servers."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Q, QuerySet

from audit.operations import record
from identity.models import Member
from identity.rules import MemberStatus
from leasing.models import LicenseSession
from licenses.models import OutboxMessage
from management_api.models import KeptAnswer
from privacy.models import RetentionChoice
from privacy.rules import RETENTION, Category, check_days, cut_off
from tenants.current import tenant_transaction

PAGE: Final = 500
"""How many sessions one transaction looks at, and so the most that one changes: a few ms."""

_Rows = list[LicenseSession]
Forget = Callable[[QuerySet[Any]], None]


def retention_days(tenant_id: UUID) -> dict[Category, int]:
    """Return for how many days each category is kept in a tenant."""
    with tenant_transaction(tenant_id):
        chosen = dict(
            RetentionChoice.objects.filter(tenant_id=tenant_id).values_list("category", "days")
        )
    return {
        category: chosen.get(category.value, default.days)
        for category, default in RETENTION.items()
    }


def choose_retention(*, tenant_id: UUID, category: Category, days: int, principal: str) -> None:
    """Have a tenant's category kept for so many days. Raises RetentionOutOfBounds."""
    check_days(category, days)
    with tenant_transaction(tenant_id):
        RetentionChoice.objects.update_or_create(
            tenant_id=tenant_id, category=category.value, defaults={"days": days}
        )
        record(
            "retention.chosen",
            tenant_id=tenant_id,
            principal=principal,
            category=category.value,
            days=days,
        )


def apply_retention(
    *, tenant_id: UUID, now: datetime, dry_run: bool = False, page: int = PAGE
) -> dict[Category, int]:
    """Forget what a tenant has kept long enough; return how much of each category.

    Reads each session of the tenant once, a page to a transaction, so leasing waits for a page at
    the most. Killed between two pages it has done a part, and the next run does the rest. A dry
    run counts and changes nothing.
    """
    days = retention_days(tenant_id)
    ends = {category: cut_off(now, kept) for category, kept in days.items()}
    counts = _walk_sessions(tenant_id, ends, is_dry=dry_run, page=page)
    delivered = Q(delivered_at__lt=ends[Category.OUTBOX_MESSAGES])
    for category, due in (
        (Category.MEMBER_ADDRESSES, _removed_members(ends[Category.MEMBER_ADDRESSES])),
        (Category.KEPT_ANSWERS, KeptAnswer.objects.filter(expires_at__lt=now)),
        (Category.OUTBOX_MESSAGES, OutboxMessage.objects.filter(delivered)),
    ):
        counts[category] = _in_pages(tenant_id, due, _FORGET[category], is_dry=dry_run, page=page)
    return counts


def _walk_sessions(
    tenant_id: UUID, ends: dict[Category, datetime], *, is_dry: bool, page: int
) -> dict[Category, int]:
    counts = dict.fromkeys(Category, 0)
    after: UUID | None = None
    while True:
        with tenant_transaction(tenant_id):
            rows = _page(tenant_id, after, page)
            for category, due in _due(rows, ends).items():
                counts[category] += len(due)
                if not is_dry:
                    _FORGET[category](_these(due))
        if len(rows) < page:
            return counts
        after = rows[-1].id


def _in_pages(
    tenant_id: UUID, due: QuerySet[Any], forget: Forget, *, is_dry: bool, page: int
) -> int:
    count = 0
    while True:
        with tenant_transaction(tenant_id):
            own = due.filter(tenant_id=tenant_id)
            if is_dry:
                return own.count()
            ids = list(own.order_by("id").values_list("id", flat=True)[:page])
            forget(own.filter(id__in=ids))
        count += len(ids)
        if len(ids) < page:
            return count


def _removed_members(end: datetime) -> QuerySet[Any]:
    removed = Member.objects.filter(status=MemberStatus.REMOVED.value, updated_at__lt=end)
    return removed.exclude(email="")


def _page(tenant_id: UUID, after: UUID | None, page: int) -> _Rows:
    rows = LicenseSession.objects.filter(tenant_id=tenant_id)
    if after is not None:
        rows = rows.filter(id__gt=after)
    return list(rows.order_by("id")[:page])


def _due(rows: _Rows, ends: dict[Category, datetime]) -> dict[Category, _Rows]:
    ended = [row for row in rows if row.ended_at is not None]
    records = [row for row in ended if _is_before(row, ends[Category.DEVICE_RECORDS])]
    gone = {row.id for row in records}
    details = [
        row
        for row in ended
        if row.id not in gone
        and (row.principal or row.metadata)
        and _is_before(row, ends[Category.SESSION_DETAILS])
    ]
    return {Category.SESSION_DETAILS: details, Category.DEVICE_RECORDS: records}


def _is_before(row: LicenseSession, end: datetime) -> bool:
    return row.ended_at is not None and row.ended_at < end


def _these(rows: _Rows) -> QuerySet[Any]:
    return LicenseSession.objects.filter(id__in=[row.id for row in rows])


def _forget_details(sessions: QuerySet[Any]) -> None:
    sessions.update(principal="", metadata={})


def _forget_addresses(members: QuerySet[Any]) -> None:
    """Keep what shuts the door to a subject; an address alone would have been its only name."""
    members.filter(subject="").delete()
    members.update(email="")


def _delete(rows: QuerySet[Any]) -> None:
    rows.delete()


_FORGET: Final[dict[Category, Forget]] = {
    Category.SESSION_DETAILS: _forget_details,
    Category.DEVICE_RECORDS: _delete,
    Category.MEMBER_ADDRESSES: _forget_addresses,
    Category.KEPT_ANSWERS: _delete,
    Category.OUTBOX_MESSAGES: _delete,
}
