"""Lists in pages: newest first, each page begins after the last row of the one before.

A row that comes while somebody turns pages is on none of them, and none is on two. The cursor
names an instant and an id and proves nothing: whoever makes one up sees rows of his own tenant.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from rest_framework import serializers
from rest_framework.response import Response

from foundation.clock import rfc3339
from leasing.http.errors import FieldError, InvalidRequest
from management_api.fields import NumberInQuery, Text
from management_api.serializers import StrictSerializer

PAGE_SIZE: Final = 50
MOST_PAGE_SIZE: Final = 200
_MOST_CURSOR: Final = 200


class PageQuery(StrictSerializer):
    """Which page of a list; filters are added by subclasses."""

    cursor = Text(
        pattern=r"^[A-Za-z0-9_-]+(?![\s\S])",
        required=False,
        max_length=_MOST_CURSOR,
        help_text="`next` of the page before.",
    )
    page_size = NumberInQuery(
        required=False,
        default=PAGE_SIZE,
        min_value=1,
        max_value=MOST_PAGE_SIZE,
        help_text="The most rows on a page.",
    )


def page(
    rows: QuerySet[Any],
    query: Mapping[str, Any],
    answer: type[serializers.BaseSerializer[Any]],
    *,
    by: str = "created_at",
) -> Response:
    """Return one page of rows, ordered by an instant (the field ``by``) and their ids.

    Raises InvalidRequest for a cursor that is none. ``next`` is None on the last page.
    """
    if "cursor" in query:
        instant, row_id = position(query["cursor"])
        rows = rows.filter(Q(**{f"{by}__lt": instant}) | Q(**{by: instant, "id__lt": row_id}))
    size = query["page_size"]
    found = list(rows.order_by(f"-{by}", "-id")[: size + 1])
    following = _cursor(found[size - 1], by) if len(found) > size else None
    return Response({"results": answer(found[:size], many=True).data, "next": following})


def _cursor(row: Model, by: str) -> str:
    instant: datetime = getattr(row, by)
    row_id: UUID = getattr(row, "id")  # noqa: B009  not every model has one
    return cursor_at(instant, row_id)


def cursor_at(instant: datetime, row_id: UUID) -> str:
    """Return the cursor of the page that begins after a row."""
    text = json.dumps([rfc3339(instant), str(row_id)], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def position(cursor: str) -> tuple[datetime, UUID]:
    """Return where a page begins. Raises InvalidRequest for a cursor that is none."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        instant, row_id = json.loads(text)
        return _aware(instant), UUID(row_id)
    except (ValueError, TypeError, AttributeError, binascii.Error, RecursionError):
        raise InvalidRequest(
            FieldError("cursor", "invalid", "cursor is not `next` of a page")
        ) from None


def _aware(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("an instant without its offset")
    return instant
