"""``/api/v1/service-accounts/{account_id}/tokens/``: what service accounts call with."""

from typing import Final
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identity import queries
from identity import service_accounts as deeds
from identity.errors import InvalidLifetime, TooManyApiTokens
from identity.models import ApiToken
from identity.service_accounts import (
    DAY_SECONDS,
    LONGEST_LIFE_SECONDS,
    LONGEST_OVERLAP_SECONDS,
    SHORTEST_LIFE_SECONDS,
)
from management_api.answers import created
from management_api.calls import Call, describes
from management_api.fields import Count, Instant
from management_api.idempotency import once
from management_api.paging import PageQuery, page
from management_api.permissions import ReadsOrAdministers
from management_api.serializers import StrictSerializer, asked, read
from management_api.service_accounts import ADDRESS, TAG, account_of
from management_api.views import ManagementView
from management_api.wiring import peppers_from_settings

_USUAL_LIFE_SECONDS: Final = 90 * DAY_SECONDS
_USUAL_OVERLAP_SECONDS: Final = DAY_SECONDS

_SHOWN: Final = {
    "id": "0198a5c2-7f3b-7c11-9d5e-3a1f0c5b7e24",
    "hint": "7Q3M",
    "expires_at": "2026-03-29T04:35:35.407120+00:00",
    "revoked_at": None,
    "created_at": "2025-12-29T04:35:35.407120+00:00",
}
_ISSUED: Final = {**_SHOWN, "token": "shown this once, and never again"}


class ApiTokenAnswer(serializers.Serializer[ApiToken]):
    """A token, without what it is."""

    id = serializers.UUIDField()
    hint = serializers.CharField(help_text="Its last four characters.")
    expires_at = Instant()
    revoked_at = Instant(allow_null=True)
    created_at = Instant()


class IssuedTokenAnswer(ApiTokenAnswer):
    """A new token."""

    token = serializers.CharField(help_text="For `Authorization: Bearer`; shown this once.")


class NewToken(StrictSerializer):
    """How long a new token lives."""

    lifetime_seconds = Count(
        required=False,
        default=_USUAL_LIFE_SECONDS,
        min_value=SHORTEST_LIFE_SECONDS,
        max_value=LONGEST_LIFE_SECONDS,
    )


class Rotation(NewToken):
    """How long a new token lives, and the one before it beside it."""

    overlap_seconds = Count(
        required=False,
        default=_USUAL_OVERLAP_SECONDS,
        min_value=0,
        max_value=LONGEST_OVERLAP_SECONDS,
        help_text="For how long the token before it counts on.",
    )


class ApiTokens(ManagementView):
    """The tokens of one service account."""

    permission_classes = (ReadsOrAdministers,)

    @describes(
        Call(
            operation_id="list_api_tokens",
            tag=TAG,
            summary="List the tokens of a service account",
            description="Newest first, also those that count no more.",
            query=PageQuery,
            answer=ApiTokenAnswer,
            is_list=True,
            shown=_SHOWN,
        )
    )
    def get(self, request: Request, account_id: UUID) -> Response:
        """Answer 200 with a page of tokens."""
        query = asked(PageQuery, request)
        account = account_of(self, account_id)
        rows = queries.api_tokens(tenant_id=account.tenant_id, account_id=account.id)
        return page(rows, query, ApiTokenAnswer)

    @describes(
        Call(
            operation_id="issue_api_token",
            tag=TAG,
            summary="Issue a token",
            description="Two may count at a time. The token is shown this once and never stored.",
            status=201,
            body=NewToken,
            answer=IssuedTokenAnswer,
            example={"lifetime_seconds": _USUAL_LIFE_SECONDS},
            shown=_ISSUED,
            is_once=True,
            problems=(TooManyApiTokens, InvalidLifetime),
        )
    )
    @once
    def post(self, request: Request, account_id: UUID) -> Response:
        """Answer 201 with the token."""
        body = read(NewToken, request)
        row, text = deeds.issue_token(
            tenant_id=self.principal.tenant_id,
            account_id=account_id,
            peppers=peppers_from_settings(),
            principal=self.principal.label,
            **body,
        )
        return _issued(account_id, row, text)


class RotateApiToken(ManagementView):
    """A token's successor."""

    permission_classes = (ReadsOrAdministers,)

    @describes(
        Call(
            operation_id="rotate_api_token",
            tag=TAG,
            summary="Rotate the token of a service account",
            description=(
                "Gives a new token; the newest before it counts for `overlap_seconds` more at "
                "most, any older one ends now. The token is shown this once and never stored."
            ),
            status=201,
            body=Rotation,
            answer=IssuedTokenAnswer,
            example={"overlap_seconds": 3600},
            shown=_ISSUED,
            is_once=True,
            problems=(InvalidLifetime,),
        )
    )
    @once
    def post(self, request: Request, account_id: UUID) -> Response:
        """Answer 201 with the new token."""
        body = read(Rotation, request)
        row, text = deeds.rotate_token(
            tenant_id=self.principal.tenant_id,
            account_id=account_id,
            peppers=peppers_from_settings(),
            principal=self.principal.label,
            **body,
        )
        return _issued(account_id, row, text)


class OneApiToken(ManagementView):
    """One token of a service account."""

    permission_classes = (ReadsOrAdministers,)

    @describes(
        Call(
            operation_id="revoke_api_token",
            tag=TAG,
            summary="Revoke a token",
            description="It lets nobody in, within 60 seconds in every process. Repeating is safe.",
            status=204,
        )
    )
    def delete(self, request: Request, account_id: UUID, token_id: UUID) -> Response:
        """Answer 204: the token counts no more."""
        del request
        deeds.revoke_token(
            tenant_id=self.principal.tenant_id,
            account_id=account_id,
            token_id=token_id,
            principal=self.principal.label,
        )
        return Response(status=204)


def _issued(account_id: UUID, row: ApiToken, text: str) -> Response:
    shown = {**ApiTokenAnswer(row).data, "token": text}
    return created(shown, f"{ADDRESS}{account_id}/tokens/{row.id}/")
