"""What a vendor decides about a license; its programs hear of it at their next heartbeat."""

from typing import Final, Protocol
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from foundation.clock import utc_now
from licenses import operations
from licenses.errors import EndNotLater, RevokedForGood
from licenses.models import License
from management_api.calls import Call, describes
from management_api.idempotency import once
from management_api.license_bodies import (
    SHOWN,
    SHOWN_WITH_KEY,
    LicenseAnswer,
    LicenseWithKey,
    Renewal,
    with_key,
)
from management_api.licenses import TAG, locked
from management_api.permissions import Manages
from management_api.preconditions import check_match, tagged
from management_api.serializers import Nothing, read
from management_api.views import ManagementView
from management_api.wiring import key_hasher_from_settings

_ENDS: Final = "2037-12-29T00:00:00Z"


class _Decision(Protocol):
    def __call__(self, *, license: License, principal: str) -> None: ...


def _decided(
    view: ManagementView, request: Request, license_id: UUID, decide: _Decision
) -> Response:
    """Answer 200 with the license as a decision without terms leaves it."""
    read(Nothing, request)
    license_ = locked(license_id)
    check_match(request, LicenseAnswer(license_).data)
    decide(license=license_, principal=view.principal.label)
    return tagged(LicenseAnswer(license_).data)


class SuspendLicense(ManagementView):
    """A pause."""

    permission_classes = (Manages,)

    @describes(
        Call(
            operation_id="suspend_license",
            tag=TAG,
            summary="Suspend a license",
            description=(
                "Heartbeats and acquires answer 403 `license_suspended` until it is reinstated. "
                "Leases that run are not renewed and run to their end."
            ),
            body=Nothing,
            answer=LicenseAnswer,
            example={},
            shown={**SHOWN, "status": "suspended"},
            if_match="optional",
            problems=(RevokedForGood,),
        )
    )
    def post(self, request: Request, license_id: UUID) -> Response:
        """Answer 200 with the license."""
        return _decided(self, request, license_id, operations.suspend)


class ReinstateLicense(ManagementView):
    """The end of a pause."""

    permission_classes = (Manages,)

    @describes(
        Call(
            operation_id="reinstate_license",
            tag=TAG,
            summary="Reinstate a license",
            description="Ends a suspension. A revoked license stays revoked.",
            body=Nothing,
            answer=LicenseAnswer,
            example={},
            shown=SHOWN,
            if_match="optional",
            problems=(RevokedForGood,),
        )
    )
    def post(self, request: Request, license_id: UUID) -> Response:
        """Answer 200 with the license."""
        return _decided(self, request, license_id, operations.reinstate)


class RevokeLicense(ManagementView):
    """The end."""

    permission_classes = (Manages,)

    @describes(
        Call(
            operation_id="revoke_license",
            tag=TAG,
            summary="Revoke a license",
            description=(
                "For good: nothing about it can be changed afterwards. Heartbeats and acquires "
                "answer 403 `license_revoked`; leases that run are not renewed."
            ),
            body=Nothing,
            answer=LicenseAnswer,
            example={},
            shown={**SHOWN, "status": "revoked"},
            if_match="optional",
        )
    )
    def post(self, request: Request, license_id: UUID) -> Response:
        """Answer 200 with the license."""
        return _decided(self, request, license_id, operations.revoke)


class RenewLicense(ManagementView):
    """A later end."""

    permission_classes = (Manages,)

    @describes(
        Call(
            operation_id="renew_license",
            tag=TAG,
            summary="Renew a license",
            description="Moves its end on. An expired license is good again from now on.",
            body=Renewal,
            answer=LicenseAnswer,
            example={"expires_at": _ENDS},
            shown={**SHOWN, "expires_at": "2037-12-29T00:00:00.000000+00:00"},
            if_match="optional",
            is_once=True,
            problems=(EndNotLater, RevokedForGood),
        )
    )
    @once
    def post(self, request: Request, license_id: UUID) -> Response:
        """Answer 200 with the license."""
        body = read(Renewal, request)
        license_ = locked(license_id)
        check_match(request, LicenseAnswer(license_).data)
        operations.renew(
            license=license_,
            expires_at=body["expires_at"],
            principal=self.principal.label,
            now=utc_now(),
        )
        return tagged(LicenseAnswer(license_).data)


class RotateLicenseKey(ManagementView):
    """Another key."""

    permission_classes = (Manages,)

    @describes(
        Call(
            operation_id="rotate_license_key",
            tag=TAG,
            summary="Give a license another key",
            description=(
                "The answer has the new key, this once. The old one is unknown from now on: "
                "whoever shows it gets 401 or 404."
            ),
            body=Nothing,
            answer=LicenseWithKey,
            example={},
            shown=SHOWN_WITH_KEY,
            if_match="optional",
            is_once=True,
            problems=(RevokedForGood,),
        )
    )
    @once
    def post(self, request: Request, license_id: UUID) -> Response:
        """Answer 200 with the license and its new key."""
        read(Nothing, request)
        license_ = locked(license_id)
        check_match(request, LicenseAnswer(license_).data)
        key = operations.rotate_key(
            license=license_,
            hasher=key_hasher_from_settings(),
            principal=self.principal.label,
        )
        return tagged(with_key(license_, key))
