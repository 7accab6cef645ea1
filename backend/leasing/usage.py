"""What was used of what was bought: seats held hour by hour or day by day, and denials."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import QuerySet, Sum

from audit.models import DenialCount
from leasing.concurrency import Period, floor, periods, stretches, utilization
from leasing.errors import LicenseUnknown
from leasing.queries import history
from licenses.models import License
from licenses.rules import LicenseStatus
from tenants.current import current_tenant_id

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodUsage:
    """One hour or day. ``denials`` are those of its whole hours, by reason."""

    held: Period
    denials: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What was used from ``start`` to ``end`` of the ``seats`` that there are now.

    ``utilization`` is in seconds, as :func:`leasing.concurrency.utilization` has it.
    """

    start: datetime
    end: datetime
    seats: int
    periods: list[PeriodUsage]
    utilization: list[float]


def usage(
    *, license_id: UUID | None, start: datetime, end: datetime, step: timedelta, now: datetime
) -> Usage:
    """Return what the current tenant used, of one license or of all, in steps of HOUR or DAY.

    What is later than ``now`` has not happened and is left out. Peaks and averages are exact, as
    far as the records of sessions are kept. Raises LicenseUnknown and TooMuchHistory.
    """
    seats, end = _seats(license_id), max(start, min(end, now))
    known = history(license_id=license_id, start=start, end=end)
    held = list(stretches(known.sessions, all_along=known.all_along, start=start, end=end))
    denied = _denials(license_id, floor(start, HOUR), end, step)
    return Usage(
        start=start,
        end=end,
        seats=seats,
        periods=[
            PeriodUsage(held=one, denials=dict(denied.get(floor(one.start, step), {})))
            for one in periods(held, step)
        ],
        utilization=utilization(held, seats),
    )


def _seats(license_id: UUID | None) -> int:
    own = License.objects.filter(tenant_id=current_tenant_id())
    if license_id is None:
        active = own.filter(status=LicenseStatus.ACTIVE.value)
        return int(active.aggregate(all=Sum("seats"))["all"] or 0)
    seats = own.filter(id=license_id).values_list("seats", flat=True).first()
    if seats is None:
        raise LicenseUnknown("no such license")
    return seats


def _denials(
    license_id: UUID | None, start: datetime, end: datetime, step: timedelta
) -> dict[datetime, Counter[str]]:
    found: dict[datetime, Counter[str]] = {}
    for row in _denial_counts(license_id).filter(hour__gte=start, hour__lt=end):
        found.setdefault(floor(row.hour, step), Counter())[row.reason] += row.count
    return found


def _denial_counts(license_id: UUID | None) -> QuerySet[DenialCount]:
    own = DenialCount.objects.filter(tenant_id=current_tenant_id())
    return own if license_id is None else own.filter(license_id=license_id)
