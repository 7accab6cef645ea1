"""``/api/v1/usage/``: what was used of what was bought, for people and for spreadsheets."""

import csv
import io
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from foundation.clock import rfc3339, utc_now
from leasing.concurrency import TENTHS
from leasing.errors import LicenseUnknown, TooMuchHistory
from leasing.http.errors import FieldError, InvalidRequest
from leasing.usage import DAY, HOUR, PeriodUsage, Usage, usage
from management_api.calls import Call, describes
from management_api.calls import Text as AsText
from management_api.fields import Instant
from management_api.permissions import ReadsOrManages
from management_api.preconditions import tagged
from management_api.serializers import StrictSerializer, asked
from management_api.views import ManagementView

TAG: Final = "usage"
_STEPS: Final = {"hour": HOUR, "day": DAY}
_LONGEST: Final = {"hour": timedelta(days=31), "day": timedelta(days=366)}
_USUAL: Final = {"hour": timedelta(days=1), "day": timedelta(days=30)}
_COLUMNS: Final = ("start", "end", "peak", "average", "denials")

_START: Final = "2025-12-29T04:00:00.000000+00:00"
_END: Final = "2025-12-29T05:00:00.000000+00:00"


class PeriodAnswer(serializers.Serializer[Any]):
    """One hour or day, or the part of it that was asked for."""

    start = Instant()
    end = Instant()
    peak = serializers.IntegerField(help_text="The most seats held at any instant.")
    average = serializers.FloatField(help_text="Seats held at a time, on average.")
    denials = serializers.DictField(
        child=serializers.IntegerField(), help_text="Denied acquires of its whole hours, by reason."
    )


class ShareAnswer(serializers.Serializer[Any]):
    """For how long a share of the seats was held."""

    above_percent = serializers.IntegerField(
        allow_null=True, help_text="More than this share; null when it was nothing at all."
    )
    up_to_percent = serializers.IntegerField(
        allow_null=True, help_text="Not more than this one; null when it was more than all."
    )
    seconds = serializers.FloatField()


class UsageAnswer(serializers.Serializer[Any]):
    """What was used of the seats that there are now."""

    since = Instant()
    until = Instant()
    seats = serializers.IntegerField(
        help_text="Of the license; without one, of all active licenses together."
    )
    periods = PeriodAnswer(many=True)
    utilization = ShareAnswer(many=True)


class UsageQuery(StrictSerializer):
    """Of what, and when."""

    license_id = serializers.UUIDField(required=False, help_text="One license; else all.")
    since = Instant(required=False, help_text="A day before `until`; 30 when counted by day.")
    until = Instant(required=False, help_text="Now, unless given; what is later is left out.")
    period = serializers.ChoiceField(("hour", "day"), required=False, default="hour")
    format = serializers.ChoiceField(("json", "csv"), required=False, default="json")


class UsageOfTenant(ManagementView):
    """What the tenant used."""

    permission_classes = (ReadsOrManages,)

    @describes(
        Call(
            operation_id="read_usage",
            tag=TAG,
            summary="Read what was used",
            description=(
                "Seats held, hour by hour (31 days at most) or day by day (366), in UTC, exact to "
                "the instant, from the records of sessions; with denials by reason, and for how "
                "many seconds which share of the seats was held. `format=csv` gives the periods as "
                "a table. More than 200,000 sessions in one answer are refused with 400."
            ),
            query=UsageQuery,
            answer=UsageAnswer,
            shown={
                "since": _START,
                "until": _END,
                "seats": 10,
                "periods": [
                    {
                        "start": _START,
                        "end": _END,
                        "peak": 3,
                        "average": 1.25,
                        "denials": {"seats_exhausted": 2},
                    }
                ],
                "utilization": [
                    {"above_percent": None, "up_to_percent": 0, "seconds": 600.0},
                    {"above_percent": 10, "up_to_percent": 20, "seconds": 3000.0},
                ],
            },
            text=AsText("text/csv", f"{','.join(_COLUMNS)}\r\n{_START},{_END},3,1.25,2\r\n"),
            problems=(TooMuchHistory, LicenseUnknown),
        )
    )
    def get(self, request: Request) -> Response | HttpResponse:
        """Answer 200 with the usage."""
        query = asked(UsageQuery, request)
        now, period = utc_now(), query["period"]
        since, until = _time(query.get("since"), query.get("until"), period, now=now)
        license_id: UUID | None = query.get("license_id")
        found = usage(license_id=license_id, start=since, end=until, step=_STEPS[period], now=now)
        if query["format"] == "csv":
            return HttpResponse(_table(found), content_type="text/csv; charset=utf-8")
        return tagged(UsageAnswer(_shown(found)).data)


def _time(
    since: datetime | None, until: datetime | None, period: str, *, now: datetime
) -> tuple[datetime, datetime]:
    """Return from when to when. Raises InvalidRequest."""
    end = now if until is None else until
    try:
        start = end - _USUAL[period] if since is None else since
    except OverflowError:
        raise _out_of_range("until") from None
    if start >= end:
        raise _out_of_range("since")
    if end - start > _LONGEST[period]:
        raise _out_of_range("since")
    return start, end


def _out_of_range(field: str) -> InvalidRequest:
    message = f"{field}: at most 31 days by hour, 366 by day, and since comes before until"
    return InvalidRequest(FieldError(field, "out_of_range", message))


def _shown(found: Usage) -> dict[str, Any]:
    return {
        "since": found.start,
        "until": found.end,
        "seats": found.seats,
        "periods": [_period(one) for one in found.periods],
        "utilization": list(_shares(found.utilization)),
    }


def _period(one: PeriodUsage) -> dict[str, Any]:
    return {
        "start": one.held.start,
        "end": one.held.end,
        "peak": one.held.peak,
        "average": round(one.held.average, 6),
        "denials": one.denials,
    }


def _shares(seconds: list[float]) -> Iterator[dict[str, Any]]:
    """Yield the shares that were held at all."""
    for place, lasted in enumerate(seconds):
        if lasted:
            above = (place - 1) * 100 // TENTHS if place else None
            up_to = place * 100 // TENTHS if place <= TENTHS else None
            yield {"above_percent": above, "up_to_percent": up_to, "seconds": lasted}


def _table(found: Usage) -> str:
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(_COLUMNS)
    for one in map(_period, found.periods):
        instants = [rfc3339(one["start"]), rfc3339(one["end"])]
        table.writerow([*instants, one["peak"], one["average"], sum(one["denials"].values())])
    return text.getvalue()
