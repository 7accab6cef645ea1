"""``/api/v1/licenses/``: the rights that were sold: made, found, read, changed."""

from dataclasses import asdict, replace
from typing import Any, Final
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from foundation.clock import utc_now
from leasing.http.errors import FieldError, InvalidRequest
from licenses import operations, queries, tier_operations
from licenses.errors import ProductArchived, RevokedForGood
from licenses.models import License, Product, Tier
from licenses.rules import LicenseStatus
from management_api import license_bodies as bodies
from management_api import terms
from management_api.answers import created, found
from management_api.calls import Call, describes
from management_api.idempotency import once
from management_api.license_bodies import (
    LicenseAnswer,
    LicenseBody,
    LicenseChange,
    LicenseQuery,
    LicenseWithKey,
)
from management_api.paging import page
from management_api.permissions import ReadsOrManages
from management_api.preconditions import require_match, tagged
from management_api.serializers import asked, read
from management_api.views import ManagementView
from management_api.wiring import key_hasher_from_settings
from tenants.current import current_tenant_id

TAG: Final = "licenses"
ADDRESS: Final = "/api/v1/licenses/"


class Licenses(ManagementView):
    """All licenses of the tenant."""

    permission_classes = (ReadsOrManages,)

    @describes(
        Call(
            operation_id="list_licenses",
            tag=TAG,
            summary="List licenses",
            description="Newest first. Keys are shown nowhere: only their last four characters.",
            query=LicenseQuery,
            answer=LicenseAnswer,
            is_list=True,
            shown=bodies.SHOWN,
        )
    )
    def get(self, request: Request) -> Response:
        """Answer 200 with a page of licenses."""
        query = asked(LicenseQuery, request)
        filters: dict[str, Any] = {name: query.get(name) for name in _FILTERS}
        if "status" in query:
            filters["status"] = LicenseStatus(query["status"])
        rows = queries.licenses(**filters)
        return page(rows, query, LicenseAnswer)

    @describes(
        Call(
            operation_id="create_license",
            tag=TAG,
            summary="Create a license",
            description=(
                "The answer has the license key, this once: it is stored nowhere in clear. With an "
                "`Idempotency-Key` the same call answers with it again for 24 hours."
            ),
            status=201,
            body=LicenseBody,
            answer=LicenseWithKey,
            example={
                "product": "demo-app",
                "tier": "enterprise",
                "expires_at": "2036-12-29T00:00:00Z",
                "name": "Order 4711",
                "entitlements": ["export"],
                "policy": {"key_auth": True},
            },
            shown=bodies.SHOWN_WITH_KEY,
            is_once=True,
            problems=(ProductArchived,),
        )
    )
    @once
    def post(self, request: Request) -> Response:
        """Answer 201 with the license and its key."""
        body = read(LicenseBody, request)
        if body["expires_at"] <= utc_now():
            raise _refused("expires_at", "out_of_range", "must be to come")
        product, tier = _product(body["product"]), _tier(body["tier"])
        policy = dict(body.get("policy", {}))
        license_, key = operations.issue_license(
            product=product,
            tier=tier.code,
            expires_at=body["expires_at"],
            hasher=key_hasher_from_settings(),
            principal=self.principal.label,
            name=body.get("name", ""),
            seats=body.get("seats", tier.seats),
            entitlements=body.get("entitlements", tier.entitlements),
            seats_per_person=policy.pop("seats_per_person", None),
            **asdict(replace(tier.policy, **policy)),
        )
        return created(bodies.with_key(license_, key), f"{ADDRESS}{license_.id}/")


class OneLicense(ManagementView):
    """One license."""

    permission_classes = (ReadsOrManages,)

    @describes(
        Call(
            operation_id="read_license",
            tag=TAG,
            summary="Read a license",
            description="With the `ETag` that a change names.",
            answer=LicenseAnswer,
            shown=bodies.SHOWN,
        )
    )
    def get(self, request: Request, license_id: UUID) -> Response:
        """Answer 200 with the license."""
        del request
        row = queries.license_with_product(license_id=license_id)
        return tagged(LicenseAnswer(found(row)).data)

    @describes(
        Call(
            operation_id="change_license",
            tag=TAG,
            summary="Change a license",
            description=(
                "Programs hear of it at their next heartbeat. Fewer seats evict nobody: no new one "
                "is granted until fewer are held than there are."
            ),
            body=LicenseChange,
            answer=LicenseAnswer,
            example={"seats": 60, "policy": {"overdraft_seats": 5}},
            shown={
                **bodies.SHOWN,
                "seats": 60,
                "policy": {**terms.SHOWN_LICENSE_POLICY, "overdraft_seats": 5},
            },
            if_match="required",
            problems=(RevokedForGood,),
        )
    )
    def patch(self, request: Request, license_id: UUID) -> Response:
        """Answer 200 with the license as it is now."""
        changes = terms.flat(read(LicenseChange, request))
        license_ = locked(license_id)
        require_match(request, LicenseAnswer(license_).data)
        if changes.get("tier", license_.tier) != license_.tier:
            _tier(changes["tier"])
        principal = self.principal.label
        operations.change_license(license=license_, changes=changes, principal=principal)
        return tagged(LicenseAnswer(license_).data)


_FILTERS: Final = ("search", "product", "tier", "expires_before", "expires_from")


def locked(license_id: UUID) -> License:
    """Return a license that nobody else changes until the transaction ends. Raises NotFound."""
    return found(queries.locked_license(license_id=license_id))


def _product(code: str) -> Product:
    product = queries.product_by_code(code=code)
    if product is None:
        raise _refused("product", "not_allowed", "is no product of this tenant")
    return product


def _tier(code: str) -> Tier:
    tier_operations.ensure_tiers(tenant_id=current_tenant_id())
    tier = queries.tier_on_sale(code=code)
    if tier is None:
        raise _refused("tier", "not_allowed", "is no tier on sale of this tenant")
    return tier


def _refused(field: str, code: str, says: str) -> InvalidRequest:
    return InvalidRequest(FieldError(field, code, f"{field} {says}"))
