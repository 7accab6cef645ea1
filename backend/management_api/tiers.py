"""``/api/v1/tiers/``: the kinds of licenses that are sold, with what new ones begin with."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Final
from uuid import UUID

from django.http import HttpRequest
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from licenses import queries, tier_operations
from licenses.errors import TierCodeTaken
from licenses.models import Tier
from licenses.rules import Policy
from management_api import terms
from management_api.answers import created, found
from management_api.calls import Call, describes
from management_api.fields import SLUG, Instant, Text
from management_api.idempotency import once
from management_api.paging import PageQuery, page
from management_api.permissions import ReadsOrManages
from management_api.preconditions import check_match, require_match, tagged
from management_api.serializers import Nothing, StrictSerializer, asked, read
from management_api.views import ManagementView, is_reading, reading_of

TAG: Final = "tiers"
ADDRESS: Final = "/api/v1/tiers/"

_SHOWN: Final = {
    "id": "0198a5c2-80d1-7a02-8c11-5b7e21f0c5a9",
    "code": "studio-annual",
    "name": "Studio, a year",
    "seats": 5,
    "entitlements": ["export"],
    "policy": terms.SHOWN_POLICY,
    "archived_at": None,
    "created_at": "2025-12-29T04:35:35.407120+00:00",
    "updated_at": "2025-12-29T04:35:35.407120+00:00",
}


class TierAnswer(serializers.Serializer[Tier]):
    """A kind of license, with what new ones begin with."""

    id = serializers.UUIDField()
    code = serializers.CharField(help_text="What licenses and tokens call it; never changes.")
    name = serializers.CharField()
    seats = serializers.IntegerField()
    entitlements = serializers.ListField(child=serializers.CharField())
    policy = terms.PolicyAnswer()
    archived_at = Instant(allow_null=True, help_text="Since when it is sold no more.")
    created_at = Instant()
    updated_at = Instant()


class TierBody(StrictSerializer):
    """A new tier."""

    code = Text(pattern=SLUG, max_length=40, help_text="Lower case letters, digits and hyphens.")
    name = Text(max_length=200)
    seats = terms.seats()
    entitlements = terms.entitlements(required=False)
    policy = terms.PolicyBody(required=False)


class TierChange(StrictSerializer):
    """What may be changed of a tier; licenses sold keep what they have."""

    name = Text(max_length=200, required=False)
    seats = terms.seats(required=False)
    entitlements = terms.entitlements(required=False)
    policy = terms.PolicyBody(required=False)


class TierQuery(PageQuery):
    """Which tiers."""

    archived = serializers.ChoiceField(("true", "false"), required=False)


class Tiers(ManagementView):
    """All tiers of the tenant."""

    permission_classes = (ReadsOrManages,)

    def transaction(self, request: HttpRequest) -> AbstractContextManager[None]:
        """None around a list, whose first look makes the default tiers: each step has its own."""
        return nullcontext() if is_reading(request) else super().transaction(request)

    @describes(
        Call(
            operation_id="list_tiers",
            tag=TAG,
            summary="List tiers",
            description="Newest first. Every tenant begins with free, pro, team and enterprise.",
            query=TierQuery,
            answer=TierAnswer,
            is_list=True,
            shown=_SHOWN,
        )
    )
    def get(self, request: Request) -> Response:
        """Answer 200 with a page of tiers."""
        query = asked(TierQuery, request)
        wanted = {"true": True, "false": False}.get(query.get("archived", ""))
        tenant_id = self.principal.tenant_id
        with reading_of(tenant_id):
            is_first_look = not queries.tiers().exists()
        if is_first_look:
            tier_operations.ensure_tiers(tenant_id=tenant_id)
        with reading_of(tenant_id):
            return page(queries.tiers(is_archived=wanted), query, TierAnswer)

    @describes(
        Call(
            operation_id="create_tier",
            tag=TAG,
            summary="Create a tier",
            description="A kind of license, with what new ones begin with.",
            status=201,
            body=TierBody,
            answer=TierAnswer,
            example={
                "code": "studio-annual",
                "name": "Studio, a year",
                "seats": 5,
                "entitlements": ["export"],
                "policy": {"offline_seconds": 604_800, "key_auth": True},
            },
            shown=_SHOWN,
            is_once=True,
            problems=(TierCodeTaken,),
        )
    )
    @once
    def post(self, request: Request) -> Response:
        """Answer 201 with the tier."""
        body = read(TierBody, request)
        principal = self.principal
        tier_operations.ensure_tiers(tenant_id=principal.tenant_id)
        tier = tier_operations.create_tier(
            tenant_id=principal.tenant_id,
            code=body["code"],
            name=body["name"],
            seats=body["seats"],
            entitlements=body.get("entitlements", []),
            policy=replace(Policy(), **body.get("policy", {})),
            principal=principal.label,
        )
        return created(TierAnswer(tier).data, f"{ADDRESS}{tier.id}/")


class OneTier(ManagementView):
    """One tier."""

    permission_classes = (ReadsOrManages,)

    @describes(
        Call(
            operation_id="read_tier",
            tag=TAG,
            summary="Read a tier",
            description="With the `ETag` that a change names.",
            answer=TierAnswer,
            shown=_SHOWN,
        )
    )
    def get(self, request: Request, tier_id: UUID) -> Response:
        """Answer 200 with the tier."""
        del request
        tier = found(queries.tier_by_id(tier_id=tier_id))
        return tagged(TierAnswer(tier).data)

    @describes(
        Call(
            operation_id="change_tier",
            tag=TAG,
            summary="Change a tier",
            description="What new licenses begin with; licenses sold keep what they have.",
            body=TierChange,
            answer=TierAnswer,
            example={"seats": 10},
            shown={**_SHOWN, "seats": 10},
            if_match="required",
        )
    )
    def patch(self, request: Request, tier_id: UUID) -> Response:
        """Answer 200 with the tier as it is now."""
        changes = terms.flat(read(TierChange, request))
        tier = _locked(tier_id)
        require_match(request, TierAnswer(tier).data)
        principal = self.principal.label
        tier_operations.change_tier(tier=tier, changes=changes, principal=principal)
        return tagged(TierAnswer(tier).data)


class ArchiveTier(ManagementView):
    """One tier's end of sale."""

    permission_classes = (ReadsOrManages,)

    @describes(
        Call(
            operation_id="archive_tier",
            tag=TAG,
            summary="Archive a tier",
            description="No license is sold of it any more; those sold go on.",
            body=Nothing,
            answer=TierAnswer,
            example={},
            shown={**_SHOWN, "archived_at": _SHOWN["updated_at"]},
            if_match="optional",
        )
    )
    def post(self, request: Request, tier_id: UUID) -> Response:
        """Answer 200 with the tier, archived."""
        read(Nothing, request)
        tier = _locked(tier_id)
        check_match(request, TierAnswer(tier).data)
        tier_operations.archive_tier(tier=tier, principal=self.principal.label)
        return tagged(TierAnswer(tier).data)


class UnarchiveTier(ManagementView):
    """One tier's return to sale."""

    permission_classes = (ReadsOrManages,)

    @describes(
        Call(
            operation_id="unarchive_tier",
            tag=TAG,
            summary="Unarchive a tier",
            description="Licenses may be sold of it again.",
            body=Nothing,
            answer=TierAnswer,
            example={},
            shown=_SHOWN,
            if_match="optional",
        )
    )
    def post(self, request: Request, tier_id: UUID) -> Response:
        """Answer 200 with the tier, on sale."""
        read(Nothing, request)
        tier = _locked(tier_id)
        check_match(request, TierAnswer(tier).data)
        tier_operations.unarchive_tier(tier=tier, principal=self.principal.label)
        return tagged(TierAnswer(tier).data)


def _locked(tier_id: UUID) -> Tier:
    return found(queries.locked_tier(tier_id=tier_id))
