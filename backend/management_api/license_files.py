"""A license as a file: one of its seats, lent to one device that will be without a network."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from leasing.errors import (
    BorrowingOff,
    LeaseLost,
    LicenseUnknown,
    LoanTooLong,
    SeatsExhausted,
)
from leasing.lending import Loan
from leasing.rules import loan_refusal
from leasing.wiring import lend_from_settings
from licenses import queries
from licenses.errors import LicenseExpired, LicenseRevoked, LicenseSuspended
from licenses.models import License
from licenses.rules import MOST_OFFLINE_SECONDS
from management_api.calls import Call, describes
from management_api.fields import PRINTABLE, Count, Instant, Text
from management_api.guesses import GUESSES
from management_api.license_bodies import SHOWN_WITH_KEY, KeyBody
from management_api.licenses import TAG
from management_api.permissions import Manages
from management_api.preconditions import tagged
from management_api.serializers import read
from management_api.views import ManagementView, reading_of
from management_api.wiring import key_hasher_from_settings
from signing.errors import SigningUnavailable
from soft_state.errors import RateLimited

_MOST_DEVICE: Final = 256

_SHOWN: Final = {
    "expires_at": "2036-12-29T00:00:00.000000+00:00",
    "hardware_id": "field-laptop-7",
    "key_id": "wSkl8xOWcpjl5C1u2EDm7Ih0PpB-Ej4yFEwGZhSnp9o",
    "lease_expires_at": "2026-01-05T04:35:35.407120+00:00",
    "license_key": SHOWN_WITH_KEY["license_key"],
    "session_id": "73f46bf0-6f5c-4a2e-9c60-927912944c44",
    "signature": "A" * 683 + "=",
    "signature_algorithm": "RSA_SIGN_PKCS1_4096_SHA256",
    "signed_at": "2025-12-29T04:35:35.407120+00:00",
    "tier": "enterprise",
}


class DownloadBody(KeyBody):
    """Which device is to have a seat, and for how long."""

    hardware_id = Text(
        pattern=PRINTABLE,
        max_length=_MOST_DEVICE,
        help_text="What names the device: `coditect-license hardware-id` prints it there.",
    )
    seconds = Count(
        required=False,
        min_value=1,
        max_value=MOST_OFFLINE_SECONDS,
        help_text="How long the file runs; not said, as long as `offline_seconds` of the policy.",
    )


class LicenseFileAnswer(serializers.Serializer[Any]):
    """A `license_data` document: every member is a string, signed by the root."""

    expires_at = Instant(help_text="The license's end.")
    hardware_id = serializers.CharField(help_text="The only device that the file is good for.")
    key_id = serializers.CharField(help_text="The root key that signed (RFC 7638).")
    lease_expires_at = Instant(help_text="The file's end. It cannot be taken back before.")
    license_key = serializers.CharField(help_text="The license key, as the caller wrote it.")
    session_id = serializers.UUIDField(help_text="The session that holds the seat.")
    signature = serializers.CharField()
    signature_algorithm = serializers.ChoiceField(("RSA_SIGN_PKCS1_4096_SHA256",))
    signed_at = Instant()
    tier = serializers.CharField()


class DownloadLicense(ManagementView):
    """A seat that travels."""

    permission_classes = (Manages,)

    def transaction(self, request: HttpRequest) -> AbstractContextManager[None]:
        """None: the ledger has its own, and a signature is made between two of them."""
        del request
        return nullcontext()

    @describes(
        Call(
            operation_id="download_license",
            tag=TAG,
            summary="Lend a seat to a device, as a file",
            description=(
                "Takes a seat of the license for one device, or the one it has, and answers the "
                "license as a file: a root-signed `license_data` that the device verifies without "
                "a network until `lease_expires_at`, never past the license's end. The seat is "
                "counted until then: no heartbeat, no release by the device, no suspension frees "
                "it earlier, because the file cannot be taken back. A download for the same device "
                "again lends the same seat on; the latest end counts. `seconds` may be up to "
                "`offline_seconds` of the policy, which is 0 where nothing is lent. The license "
                "key is kept nowhere in clear, so the caller shows it; it must be this license's."
            ),
            body=DownloadBody,
            answer=LicenseFileAnswer,
            example={
                "license_key": SHOWN_WITH_KEY["license_key"],
                "hardware_id": _SHOWN["hardware_id"],
                "seconds": 604_800,
            },
            shown=_SHOWN,
            problems=(
                LicenseUnknown,
                BorrowingOff,
                LoanTooLong,
                LicenseExpired,
                LicenseSuspended,
                LicenseRevoked,
                SeatsExhausted,
                LeaseLost,
                RateLimited,
                SigningUnavailable,
            ),
        )
    )
    def post(self, request: Request, license_id: UUID) -> Response:
        """Answer 200 with the file, in the spelling that `jq -cS` writes."""
        body = read(DownloadBody, request)
        document = lend_from_settings(self._loan(license_id, body))
        answer = tagged(dict(sorted(document.items())))
        name = f"license-{document['session_id']}.json"
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer

    def _loan(self, license_id: UUID, body: dict[str, Any]) -> Loan:
        """Return what to lend. Raises LicenseUnknown, RateLimited, BorrowingOff, LoanTooLong."""
        key, principal = body["license_key"], self.principal
        license_ = self._license(license_id, key)
        seconds = body.get("seconds", license_.offline_seconds)
        if not_lent := loan_refusal(license_.offline_seconds, seconds):
            raise not_lent
        return Loan(
            tenant_id=principal.tenant_id,
            principal=principal.label,
            license_key=key,
            key_hmacs=key_hasher_from_settings().candidates(key),
            hardware_id=body["hardware_id"],
            seconds=seconds,
        )

    def _license(self, license_id: UUID, key: str) -> License:
        guesser = f"{self.principal.tenant_id}:{self.principal.label}"
        GUESSES.refuse_who_guesses(guesser)
        with reading_of(self.principal.tenant_id):
            license_ = queries.license_by_key(key, hasher=key_hasher_from_settings())
        if license_ is None or license_.id != license_id:
            GUESSES.count(guesser)
            raise LicenseUnknown("the tenant has no such license with this key")
        return license_
