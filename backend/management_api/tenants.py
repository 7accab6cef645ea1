"""``/api/v1/tenants/``: the customer organisations, for the vendor's own people."""

import hmac
from contextlib import AbstractContextManager, nullcontext
from typing import Final
from uuid import UUID

from django.http import HttpRequest
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from foundation.ids import made_id, new_id
from licenses import customers, operations
from management_api.answers import created, found
from management_api.authentication import principal_of
from management_api.calls import Call, describes
from management_api.fields import SLUG, Instant, Text
from management_api.idempotency import HEADER, once
from management_api.paging import PageQuery, page
from management_api.permissions import IsStaff
from management_api.preconditions import check_match, require_match, tagged
from management_api.serializers import Nothing, StrictSerializer, asked, read
from management_api.views import ManagementView
from management_api.wiring import secret_from_settings
from tenants import queries
from tenants.current import current_tenant_id, tenant_transaction
from tenants.errors import TenantSlugTaken
from tenants.models import Tenant

TAG: Final = "tenants"
ADDRESS: Final = "/api/v1/tenants/"

_SHOWN: Final = {
    "id": "f65f6557-efeb-43bf-b0e5-807ca4e20e79",
    "slug": "acme",
    "name": "Acme Corporation",
    "suspended_at": None,
    "created_at": "2025-12-29T04:35:35.407120+00:00",
}


class TenantAnswer(serializers.Serializer[Tenant]):
    """A customer organisation."""

    id = serializers.UUIDField()
    slug = serializers.CharField(help_text="Never changes.")
    name = serializers.CharField()
    suspended_at = Instant(allow_null=True, help_text="Since when nobody signs in to it.")
    created_at = Instant()


class TenantBody(StrictSerializer):
    """A new customer organisation."""

    slug = Text(pattern=SLUG, max_length=63, help_text="Lower case letters, digits and hyphens.")
    name = Text(max_length=200)


class TenantChange(StrictSerializer):
    """What may be changed of a customer organisation."""

    name = Text(max_length=200)


class Tenants(ManagementView):
    """All tenants."""

    permission_classes = (IsStaff,)

    def transaction(self, request: HttpRequest) -> AbstractContextManager[None]:
        """For a create, one of the new tenant; a list is on behalf of nobody."""
        if request.method != "POST":
            return nullcontext()
        return tenant_transaction(_new_tenant_id(request))

    @describes(
        Call(
            operation_id="list_tenants",
            tag=TAG,
            summary="List tenants",
            description="Newest first. For staff.",
            query=PageQuery,
            answer=TenantAnswer,
            is_list=True,
            shown=_SHOWN,
        )
    )
    def get(self, request: Request) -> Response:
        """Answer 200 with a page of tenants."""
        return page(queries.tenants(), asked(PageQuery, request), TenantAnswer)

    @describes(
        Call(
            operation_id="create_tenant",
            tag=TAG,
            summary="Create a tenant",
            description="For staff. Nobody is a member of it yet.",
            status=201,
            body=TenantBody,
            answer=TenantAnswer,
            example={"slug": "acme", "name": "Acme Corporation"},
            shown=_SHOWN,
            is_once=True,
            problems=(TenantSlugTaken,),
        )
    )
    @once
    def post(self, request: Request) -> Response:
        """Answer 201 with the tenant."""
        body = read(TenantBody, request)
        tenant = operations.create_tenant(
            tenant_id=current_tenant_id(), principal=self.principal.label, **body
        )
        return created(TenantAnswer(tenant).data, f"{ADDRESS}{tenant.id}/")


class _OfTenant(ManagementView):
    """A call about one tenant, in that one's transaction."""

    permission_classes = (IsStaff,)

    def tenant_in_question(self, request: HttpRequest) -> UUID:
        """Return the tenant that the address names."""
        del request
        tenant_id: UUID = self.kwargs["tenant_id"]
        return tenant_id


class OneTenant(_OfTenant):
    """One tenant."""

    @describes(
        Call(
            operation_id="read_tenant",
            tag=TAG,
            summary="Read a tenant",
            description="For staff. With the `ETag` that a change names.",
            answer=TenantAnswer,
            shown=_SHOWN,
        )
    )
    def get(self, request: Request, tenant_id: UUID) -> Response:
        """Answer 200 with the tenant."""
        del request
        return tagged(TenantAnswer(found(queries.tenant(tenant_id))).data)

    @describes(
        Call(
            operation_id="change_tenant",
            tag=TAG,
            summary="Rename a tenant",
            description="For staff. Its slug stays.",
            body=TenantChange,
            answer=TenantAnswer,
            example={"name": "Acme Holding"},
            shown={**_SHOWN, "name": "Acme Holding"},
            if_match="required",
        )
    )
    def patch(self, request: Request, tenant_id: UUID) -> Response:
        """Answer 200 with the tenant as it is now."""
        body = read(TenantChange, request)
        tenant = found(queries.locked_tenant(tenant_id))
        require_match(request, TenantAnswer(tenant).data)
        tenant = customers.rename_tenant(
            tenant_id=tenant_id, principal=self.principal.label, **body
        )
        return tagged(TenantAnswer(tenant).data)


class SuspendTenant(_OfTenant):
    """The door, shut to one tenant."""

    @describes(
        Call(
            operation_id="suspend_tenant",
            tag=TAG,
            summary="Suspend a tenant",
            description=(
                "For staff. Nobody signs in to it, and each license of it that is active is "
                "suspended: its leases run to their end and are not renewed."
            ),
            body=Nothing,
            answer=TenantAnswer,
            example={},
            shown={**_SHOWN, "suspended_at": _SHOWN["created_at"]},
            if_match="optional",
        )
    )
    def post(self, request: Request, tenant_id: UUID) -> Response:
        """Answer 200 with the tenant, suspended."""
        read(Nothing, request)
        check_match(request, TenantAnswer(found(queries.locked_tenant(tenant_id))).data)
        tenant = customers.suspend_tenant(tenant_id=tenant_id, principal=self.principal.label)
        return tagged(TenantAnswer(tenant).data)


class ResumeTenant(_OfTenant):
    """The door, opened to one tenant again."""

    @describes(
        Call(
            operation_id="resume_tenant",
            tag=TAG,
            summary="End the suspension of a tenant",
            description="For staff. The licenses that were suspended with it are active again.",
            body=Nothing,
            answer=TenantAnswer,
            example={},
            shown=_SHOWN,
            if_match="optional",
        )
    )
    def post(self, request: Request, tenant_id: UUID) -> Response:
        """Answer 200 with the tenant, no longer suspended."""
        read(Nothing, request)
        check_match(request, TenantAnswer(found(queries.locked_tenant(tenant_id))).data)
        tenant = customers.resume_tenant(tenant_id=tenant_id, principal=self.principal.label)
        return tagged(TenantAnswer(tenant).data)


def _new_tenant_id(request: HttpRequest) -> UUID:
    """Return the same id for the same ``Idempotency-Key``, and without one a new one.

    The kept answer is the new tenant's, as is its row: no transaction writes for two.
    """
    key, staff = request.headers.get(HEADER), principal_of(request)
    if key is None:
        return new_id()
    said = f"tenant\0{staff.tenant_id}\0{staff.label}\0{key}"
    return made_id(hmac.digest(secret_from_settings().encode(), said.encode(), "sha256"))
