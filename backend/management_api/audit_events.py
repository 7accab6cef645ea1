"""``/api/v1/audit/``: what happened in the tenant, and what proves that nothing is missing."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, nullcontext
from itertools import islice
from typing import Any, Final
from uuid import UUID

from asgiref.sync import sync_to_async
from django.http import HttpRequest, StreamingHttpResponse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from audit import queries
from audit.exports import export_lines
from audit.models import AuditCheckpoint
from audit.queries import Seen, Wanted
from management_api.answers import found
from management_api.calls import Call, describes
from management_api.calls import Text as AsText
from management_api.errors import NotFound
from management_api.fields import PRINTABLE, Instant, Text
from management_api.paging import PageQuery, cursor_at, position
from management_api.permissions import Manages, ReadsOrManages
from management_api.preconditions import tagged
from management_api.serializers import StrictSerializer, asked
from management_api.views import ManagementView
from management_api.wiring import audit_origin_from_settings
from tenants.reading import reading

TAG: Final = "audit"
_LINES_AT_A_TIME: Final = 500

_SHOWN: Final = {
    "id": "0198a5c2-7f3b-7c11-9d5e-3a1f0c5b7e25",
    "at": "2025-12-29T04:35:35.407120+00:00",
    "action": "seat.granted",
    "principal": "user:alice",
    "license_id": "ce575353-a279-49dd-8107-de6c576a576e",
    "session_id": "73f46bf0-6f5c-4a2e-9c60-927912944c44",
    "details": {"slot": 0},
    "position": 12,
}


class AuditEventAnswer(serializers.Serializer[Any]):
    """One change of state."""

    id = serializers.UUIDField()
    at = Instant()
    action = serializers.CharField(help_text="`noun.verb`, such as `license.suspended`.")
    principal = serializers.CharField()
    license_id = serializers.UUIDField(allow_null=True)
    session_id = serializers.UUIDField(allow_null=True)
    details = serializers.DictField()
    position = serializers.IntegerField(
        allow_null=True, help_text="Its place in the chain; null for the moment before it has one."
    )


class CheckpointAnswer(serializers.Serializer[AuditCheckpoint]):
    """So long was the chain of the tenant, with this hash; signed."""

    size = serializers.IntegerField()
    note = serializers.CharField(help_text="The signed note. Keep it: it cannot be taken back.")
    made_at = Instant()


class AuditQuery(PageQuery):
    """Which events."""

    action = Text(
        pattern=r"^[a-z_]+\.[a-z_]*(?![\s\S])",
        required=False,
        max_length=40,
        help_text="A whole action, or with the dot at its end all of one noun: `license.`",
    )
    principal = Text(pattern=PRINTABLE, required=False, max_length=200)
    license_id = serializers.UUIDField(required=False)
    session_id = serializers.UUIDField(required=False)
    since = Instant(required=False, help_text="Events at or after this instant.")
    until = Instant(required=False, help_text="Events before this instant.")


class ExportQuery(StrictSerializer):
    """From where on."""

    first = serializers.IntegerField(
        required=False, default=1, min_value=1, max_value=2**53 - 1, help_text="The first position."
    )


class AuditEvents(ManagementView):
    """The events of the tenant."""

    permission_classes = (ReadsOrManages,)

    @describes(
        Call(
            operation_id="list_audit_events",
            tag=TAG,
            summary="List what happened",
            description="Newest first. Events are appended and never changed.",
            query=AuditQuery,
            answer=AuditEventAnswer,
            is_list=True,
            shown=_SHOWN,
        )
    )
    def get(self, request: Request) -> Response:
        """Answer 200 with a page of events."""
        query = asked(AuditQuery, request)
        size = query.pop("page_size")
        before = position(query.pop("cursor")) if "cursor" in query else None
        seen = queries.events(Wanted(**query), before=before, most=size + 1)
        last = seen[size - 1].event if len(seen) > size else None
        following = cursor_at(last.at, last.id) if last else None
        return Response({"results": [_shown(one) for one in seen[:size]], "next": following})


class OneAuditEvent(ManagementView):
    """One event."""

    permission_classes = (ReadsOrManages,)

    @describes(
        Call(
            operation_id="read_audit_event",
            tag=TAG,
            summary="Read one event",
            description="With its place in the chain.",
            answer=AuditEventAnswer,
            shown=_SHOWN,
        )
    )
    def get(self, request: Request, event_id: UUID) -> Response:
        """Answer 200 with the event."""
        del request
        return tagged(_shown(found(queries.event(event_id))))


class NewestCheckpoint(ManagementView):
    """The newest checkpoint of the tenant's chain."""

    permission_classes = (ReadsOrManages,)

    @describes(
        Call(
            operation_id="read_audit_checkpoint",
            tag=TAG,
            summary="Read the newest checkpoint",
            description=(
                "Whoever keeps one notices later when an event before it was changed, taken out or "
                "put in. 404 until the first was made."
            ),
            answer=CheckpointAnswer,
            shown={
                "size": 12,
                "note": "license.example.com/f65f6557-efeb-43bf-b0e5-807ca4e20e79\n12\n…\n",
                "made_at": _SHOWN["at"],
            },
            problems=(NotFound,),
        )
    )
    def get(self, request: Request) -> Response:
        """Answer 200 with the checkpoint."""
        del request
        return tagged(CheckpointAnswer(found(queries.newest_checkpoint())).data)


class AuditExport(ManagementView):
    """The chain, for whoever verifies it."""

    permission_classes = (Manages,)

    def transaction(self, request: HttpRequest) -> AbstractContextManager[None]:
        """None around the whole: each page has its own, so a slow reader holds none."""
        del request
        return nullcontext()

    @describes(
        Call(
            operation_id="export_audit",
            tag=TAG,
            summary="Export the chain",
            description=(
                "JSON Lines, for `coditect-license verify-audit`. It names persons: keep it like "
                "the database. For admins."
            ),
            query=ExportQuery,
            text=AsText(
                "application/x-ndjson",
                '{"audit_export":1,"before":"…","first":1,"origin":"…","tenant_id":"…"}\n',
            ),
            problems=(NotFound,),
        )
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """Answer 200 with the lines, as they are read."""
        first = asked(ExportQuery, request)["first"]
        tenant_id = self.principal.tenant_id
        lines = export_lines(tenant_id, origin=audit_origin_from_settings(tenant_id), first=first)
        try:
            with reading():
                head = next(lines)
        except ValueError:
            raise NotFound("the chain has no such position") from None
        answer = StreamingHttpResponse(_streamed(head, lines), content_type="application/x-ndjson")
        answer["Cache-Control"] = "no-store"
        return answer


async def _streamed(head: str, lines: Iterator[str]) -> AsyncIterator[str]:
    """Yield lines, read some at a time in a thread that may wait for the database."""
    yield f"{head}\n"
    while found_lines := await sync_to_async(_some)(lines):
        yield "".join(f"{line}\n" for line in found_lines)


def _some(lines: Iterator[str]) -> list[str]:
    """Return the next lines, read beside whoever writes."""
    with reading():
        return list(islice(lines, _LINES_AT_A_TIME))


def _shown(seen: Seen) -> dict[str, Any]:
    event = seen.event
    return dict(
        AuditEventAnswer(
            {
                "id": event.id,
                "at": event.at,
                "action": event.action,
                "principal": event.principal,
                "license_id": event.license_id,
                "session_id": event.session_id,
                "details": event.details,
                "position": seen.position,
            }
        ).data
    )
