"""``/api/v1/licenses/validate/``: what a license key gives now, for whoever may read licenses."""

from rest_framework.request import Request
from rest_framework.response import Response

from foundation.clock import utc_now
from leasing.errors import LicenseUnknown
from licenses import queries
from licenses.rules import state
from management_api.calls import Call, describes
from management_api.guesses import GUESSES
from management_api.license_bodies import SHOWN_STATE, KeyAnswer, KeyBody
from management_api.licenses import TAG
from management_api.permissions import Reads
from management_api.serializers import read
from management_api.views import ManagementView
from management_api.wiring import key_hasher_from_settings
from soft_state.errors import RateLimited


class ValidateKey(ManagementView):
    """A look at a license by its key; takes no seat."""

    permission_classes = (Reads,)

    @describes(
        Call(
            operation_id="validate_license_key",
            tag=TAG,
            summary="Look at a license by its key",
            description=(
                "Takes no seat and proves nothing offline: programs acquire. A key of another "
                "tenant is as unknown as one that never was. Whoever asks for 20 unknown keys a "
                "minute waits."
            ),
            body=KeyBody,
            answer=KeyAnswer,
            example={"license_key": "CDT1-0123K-5TYWF-QG4M9-N8ZXA-RJDV2-7C1HB"},
            shown=SHOWN_STATE,
            problems=(LicenseUnknown, RateLimited),
        )
    )
    def post(self, request: Request) -> Response:
        """Answer 200 with what the key gives now."""
        key = read(KeyBody, request)["license_key"]
        principal = self.principal
        guesser = f"{principal.tenant_id}:{principal.label}"
        GUESSES.refuse_who_guesses(guesser)
        license_ = queries.license_by_key(key, hasher=key_hasher_from_settings())
        if license_ is None:
            GUESSES.count(guesser)
            raise LicenseUnknown("no license of the tenant has this key")
        shown = {
            "license_id": license_.id,
            "product": license_.product.code,
            "state": state(status=license_.status, expires_at=license_.expires_at, now=utc_now()),
            "tier": license_.tier,
            "seats": license_.seats,
            "entitlements": license_.entitlements,
            "expires_at": license_.expires_at,
        }
        return Response(KeyAnswer(shown).data)
