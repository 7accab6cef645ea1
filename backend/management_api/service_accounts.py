"""``/api/v1/service-accounts/``: programs that call with tokens of ours."""

from typing import Any, Final
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identity import queries
from identity import service_accounts as deeds
from identity.errors import ServiceAccountExists
from identity.models import ServiceAccount
from identity.rules import Role
from management_api.answers import created, found
from management_api.calls import Call, describes
from management_api.fields import Flag, Instant, Text
from management_api.idempotency import once
from management_api.members import ROLES
from management_api.paging import PageQuery, page
from management_api.permissions import ReadsOrAdministers
from management_api.preconditions import check_match, require_match, tagged
from management_api.serializers import StrictSerializer, asked, read
from management_api.views import ManagementView

TAG: Final = "service accounts"
ADDRESS: Final = "/api/v1/service-accounts/"

_SHOWN: Final = {
    "id": "0198a5c2-7f3b-7c11-9d5e-3a1f0c5b7e23",
    "name": "build farm",
    "role": "member",
    "enabled": True,
    "last_seen_at": None,
    "created_at": "2025-12-29T04:35:35.407120+00:00",
    "updated_at": "2025-12-29T04:35:35.407120+00:00",
}


class ServiceAccountAnswer(serializers.Serializer[ServiceAccount]):
    """A program of the tenant."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    role = serializers.ChoiceField(ROLES)
    enabled = serializers.BooleanField()
    last_seen_at = Instant(allow_null=True, help_text="Moves once an hour at most.")
    created_at = Instant()
    updated_at = Instant()


class ServiceAccountBody(StrictSerializer):
    """A new service account."""

    name = Text(max_length=100, help_text="Unique within the tenant.")
    role = serializers.ChoiceField(ROLES)


class ServiceAccountChange(StrictSerializer):
    """What may be changed of a service account; what is left out stays."""

    name = Text(required=False, max_length=100)
    role = serializers.ChoiceField(ROLES, required=False)
    enabled = Flag(required=False)


class ServiceAccounts(ManagementView):
    """All service accounts of the tenant."""

    permission_classes = (ReadsOrAdministers,)

    @describes(
        Call(
            operation_id="list_service_accounts",
            tag=TAG,
            summary="List service accounts",
            description="Newest first.",
            query=PageQuery,
            answer=ServiceAccountAnswer,
            is_list=True,
            shown=_SHOWN,
        )
    )
    def get(self, request: Request) -> Response:
        """Answer 200 with a page of service accounts."""
        query = asked(PageQuery, request)
        rows = queries.service_accounts(tenant_id=self.principal.tenant_id)
        return page(rows, query, ServiceAccountAnswer)

    @describes(
        Call(
            operation_id="create_service_account",
            tag=TAG,
            summary="Create a service account",
            description="It can do nothing until a token is issued for it.",
            status=201,
            body=ServiceAccountBody,
            answer=ServiceAccountAnswer,
            example={"name": "build farm", "role": "member"},
            shown=_SHOWN,
            is_once=True,
            problems=(ServiceAccountExists,),
        )
    )
    @once
    def post(self, request: Request) -> Response:
        """Answer 201 with the service account."""
        body = read(ServiceAccountBody, request)
        account = deeds.create_service_account(
            tenant_id=self.principal.tenant_id,
            name=body["name"],
            role=Role(body["role"]),
            principal=self.principal.label,
        )
        return created(ServiceAccountAnswer(account).data, f"{ADDRESS}{account.id}/")


class OneServiceAccount(ManagementView):
    """One service account."""

    permission_classes = (ReadsOrAdministers,)

    @describes(
        Call(
            operation_id="read_service_account",
            tag=TAG,
            summary="Read a service account",
            description="With the `ETag` that a change names.",
            answer=ServiceAccountAnswer,
            shown=_SHOWN,
        )
    )
    def get(self, request: Request, account_id: UUID) -> Response:
        """Answer 200 with the service account."""
        del request
        return tagged(ServiceAccountAnswer(account_of(self, account_id)).data)

    @describes(
        Call(
            operation_id="change_service_account",
            tag=TAG,
            summary="Change a service account",
            description="Disabled, its tokens let nobody in, within 60 seconds in every process.",
            body=ServiceAccountChange,
            answer=ServiceAccountAnswer,
            example={"enabled": False},
            shown={**_SHOWN, "enabled": False},
            if_match="required",
            problems=(ServiceAccountExists,),
        )
    )
    def patch(self, request: Request, account_id: UUID) -> Response:
        """Answer 200 with the service account as it is now."""
        body: dict[str, Any] = read(ServiceAccountChange, request)
        present = account_of(self, account_id, locks=True)
        require_match(request, ServiceAccountAnswer(present).data)
        if "role" in body:
            body["role"] = Role(body["role"])
        account = deeds.change_service_account(
            tenant_id=self.principal.tenant_id,
            account_id=account_id,
            principal=self.principal.label,
            **body,
        )
        return tagged(ServiceAccountAnswer(account).data)

    @describes(
        Call(
            operation_id="delete_service_account",
            tag=TAG,
            summary="Delete a service account",
            description="With its tokens; its name is free again.",
            status=204,
            if_match="optional",
        )
    )
    def delete(self, request: Request, account_id: UUID) -> Response:
        """Answer 204: the service account is gone."""
        present = account_of(self, account_id, locks=True)
        check_match(request, ServiceAccountAnswer(present).data)
        deeds.delete_service_account(
            tenant_id=self.principal.tenant_id,
            account_id=account_id,
            principal=self.principal.label,
        )
        return Response(status=204)


def account_of(view: ManagementView, account_id: UUID, *, locks: bool = False) -> ServiceAccount:
    """Return a service account of the caller's tenant. Raises NotFound."""
    rows = queries.service_accounts(tenant_id=view.principal.tenant_id)
    rows = rows.select_for_update() if locks else rows
    return found(rows.filter(id=account_id).first())
