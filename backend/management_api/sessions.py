"""``/api/v1/sessions/``: who holds what, who held what, and the end of a session by force."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from foundation.clock import utc_now
from leasing import queries
from leasing.errors import SeatBorrowed
from leasing.operations import force_release
from leasing.queries import Holding, SessionFilter
from leasing.store import ForceReleased
from leasing.wiring import open_store
from management_api.calls import Call, describes
from management_api.fields import PRINTABLE, Flag, Instant, Text
from management_api.paging import PageQuery, cursor_at, position
from management_api.permissions import Manages, ReadsOrManages
from management_api.preconditions import tagged
from management_api.serializers import StrictSerializer, asked, read
from management_api.views import ManagementView

TAG: Final = "sessions"
_MOST_PRINCIPAL: Final = 200
_DEVICE_CHARACTERS: Final = 22

_SHOWN: Final = {
    "session_id": "73f46bf0-6f5c-4a2e-9c60-927912944c44",
    "license_id": "ce575353-a279-49dd-8107-de6c576a576e",
    "device": "N0Qj0uVO3pXw1y3TqYkq1A",
    "principal": "user:alice",
    "state": "live",
    "started_at": "2025-12-29T04:35:35.407120+00:00",
    "lease_expires_at": "2025-12-29T04:41:35.407120+00:00",
    "borrowed_until": None,
    "ended_at": None,
    "end_reason": None,
}
_ENDED: Final = "2025-12-29T04:38:00.000000+00:00"


class HoldingAnswer(serializers.Serializer[Any]):
    """One session: a device that holds a seat, or held one."""

    session_id = serializers.UUIDField()
    license_id = serializers.UUIDField()
    device = serializers.CharField(help_text="The hardware binding; the hardware id is not kept.")
    principal = serializers.CharField(help_text="Who acquired the seat.")
    state = serializers.ChoiceField(("live", "ended"))
    started_at = Instant()
    lease_expires_at = Instant(help_text="Until when it runs if nobody renews it.")
    borrowed_until = Instant(
        allow_null=True,
        help_text="The end of the last file that its seat was lent as; null without one.",
    )
    ended_at = Instant(allow_null=True)
    end_reason = serializers.ChoiceField(("released", "expired", "taken_over"), allow_null=True)


class ForceReleaseAnswer(serializers.Serializer[ForceReleased]):
    """A session that has ended."""

    session_id = serializers.UUIDField()
    license_id = serializers.UUIDField()
    ended_at = Instant()
    end_reason = serializers.ChoiceField(("released", "expired", "taken_over"))
    proofs_expire_at = Instant(
        allow_null=True,
        help_text="Until then its programs may run on, on the documents they have, beside the "
        "next holder of the seat; null when the session had ended before.",
    )


class ForceReleaseBody(StrictSerializer):
    """What the caller knows of the session that is to end."""

    even_if_borrowed = Flag(
        required=False,
        help_text="End it though a file runs on: until then one seat serves two devices.",
    )


class SessionQuery(PageQuery):
    """Which sessions."""

    license_id = serializers.UUIDField(required=False)
    device = Text(
        pattern=r"^[A-Za-z0-9_-]+(?![\s\S])",
        required=False,
        max_length=_DEVICE_CHARACTERS,
        help_text="A hardware binding, as `device` of a session.",
    )
    principal = Text(pattern=PRINTABLE, required=False, max_length=_MOST_PRINCIPAL)
    state = serializers.ChoiceField(("live", "ended"), required=False)
    since = Instant(required=False, help_text="Sessions that started at or after this instant.")
    until = Instant(required=False, help_text="Sessions that started before this instant.")


class Sessions(ManagementView):
    """The sessions of the tenant."""

    permission_classes = (ReadsOrManages,)

    @describes(
        Call(
            operation_id="list_sessions",
            tag=TAG,
            summary="List sessions: who holds what",
            description=(
                "Latest first. With `license_id`, `device` or `principal` a page may be short, "
                "even empty, though `next` leads on: each looks at 10,000 sessions at most."
            ),
            query=SessionQuery,
            answer=HoldingAnswer,
            is_list=True,
            shown=_SHOWN,
        )
    )
    def get(self, request: Request) -> Response:
        """Answer 200 with a page of sessions."""
        query = asked(SessionQuery, request)
        size = query.pop("page_size")
        after = position(query.pop("cursor")) if "cursor" in query else None
        found = queries.sessions(SessionFilter(**query), after=after, most=size, now=utc_now())
        following = cursor_at(*found.next) if found.next else None
        return Response({"results": [_shown(one) for one in found.sessions], "next": following})


class OneSession(ManagementView):
    """One session."""

    permission_classes = (ReadsOrManages,)

    @describes(
        Call(
            operation_id="read_holding",
            tag=TAG,
            summary="Read a session of the tenant",
            description="Also after its end.",
            answer=HoldingAnswer,
            shown=_SHOWN,
        )
    )
    def get(self, request: Request, session_id: UUID) -> Response:
        """Answer 200 with the session."""
        del request
        return tagged(_shown(queries.session(session_id, now=utc_now())))


class ForceReleaseSession(ManagementView):
    """The end of one session by force."""

    permission_classes = (Manages,)

    def transaction(self, request: HttpRequest) -> AbstractContextManager[None]:
        """None: the ledger has one of its own, which would wait for this one."""
        del request
        return nullcontext()

    @describes(
        Call(
            operation_id="force_release_session",
            tag=TAG,
            summary="Release a session by force",
            description=(
                "Ends the session with all its instances; the seat is free at once. Its programs "
                "learn it at their next heartbeat: 410 `lease_lost`, reason `released`. What was "
                "signed for them cannot be taken back: they may run on until `proofs_expire_at`, "
                "and for that time one seat may serve two devices. Repeating the call changes "
                "nothing. To keep a device out, suspend the license or its person as well. A seat "
                "that was lent as a file stays, 409 `seat_borrowed`, unless the body says "
                "`even_if_borrowed`: the audit keeps who did that."
            ),
            body=ForceReleaseBody,
            answer=ForceReleaseAnswer,
            example={},
            shown={
                "session_id": _SHOWN["session_id"],
                "license_id": _SHOWN["license_id"],
                "ended_at": _ENDED,
                "end_reason": "released",
                "proofs_expire_at": _SHOWN["lease_expires_at"],
            },
            problems=(SeatBorrowed,),
        )
    )
    def post(self, request: Request, session_id: UUID) -> Response:
        """Answer 200: the session has ended."""
        body = read(ForceReleaseBody, request)
        outcome = force_release(
            open_store=open_store,
            tenant_id=self.principal.tenant_id,
            session_id=session_id,
            principal=self.principal.label,
            even_if_borrowed=body.get("even_if_borrowed", False),
        )
        return tagged(ForceReleaseAnswer(outcome).data)


def _shown(one: Holding) -> dict[str, object]:
    state = "live" if one.ended_at is None else "ended"
    values = {name: getattr(one, name) for name in one.__slots__}
    return dict(HoldingAnswer({**values, "state": state}).data)
