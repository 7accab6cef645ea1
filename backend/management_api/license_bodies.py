"""Licenses as they go in and come out."""

from typing import Any, Final

from rest_framework import serializers

from licenses.models import License
from licenses.rules import LicenseStatus
from management_api import terms
from management_api.fields import PRINTABLE, SLUG, Instant, Text
from management_api.paging import PageQuery
from management_api.serializers import StrictSerializer

STATUSES: Final = tuple(status.value for status in LicenseStatus)

SHOWN: Final = {
    "id": "ce575353-a279-49dd-8107-de6c576a576e",
    "product": "demo-app",
    "product_id": "0198a5c2-7f3b-7c11-9d5e-3a1f0c5b7e21",
    "name": "Order 4711",
    "tier": "enterprise",
    "seats": 50,
    "entitlements": ["export"],
    "policy": terms.SHOWN_LICENSE_POLICY,
    "status": "active",
    "expires_at": "2036-12-29T00:00:00.000000+00:00",
    "key_hint": "C1HB",
    "created_at": "2025-12-29T04:35:35.407120+00:00",
    "updated_at": "2025-12-29T04:35:35.407120+00:00",
}
SHOWN_WITH_KEY: Final = {**SHOWN, "license_key": "CDT1-0123K-5TYWF-QG4M9-N8ZXA-RJDV2-7C1HB"}


class LicenseAnswer(serializers.Serializer[License]):
    """The right that was sold."""

    id = serializers.UUIDField()
    product = serializers.CharField(source="product.code", help_text="The product's code.")
    product_id = serializers.UUIDField()
    name = serializers.CharField(allow_blank=True, help_text="The vendor's own word for it.")
    tier = serializers.CharField(help_text="The code of the tier it was sold as.")
    seats = serializers.IntegerField()
    entitlements = serializers.ListField(child=serializers.CharField())
    policy = terms.LicensePolicyAnswer(source="*")
    status = serializers.ChoiceField(
        STATUSES, help_text="What the vendor decided. Expiry is no status: see `expires_at`."
    )
    expires_at = Instant(help_text="The license's end.")
    key_hint = serializers.CharField(help_text="The last four characters of the license key.")
    created_at = Instant()
    updated_at = Instant()


class LicenseWithKey(LicenseAnswer):
    """A license with its key, which is shown this once and stored nowhere in clear."""

    license_key = serializers.CharField()


def with_key(license: License, key: str) -> dict[str, Any]:
    """Return what :class:`LicenseWithKey` describes."""
    return {**LicenseAnswer(license).data, "license_key": key}


class LicenseBody(StrictSerializer):
    """A new license; what is not said of seats, entitlements and policy is the tier's."""

    product = Text(pattern=SLUG, max_length=63, help_text="The code of a product that is sold.")
    tier = Text(pattern=SLUG, max_length=40, help_text="The code of a tier that is sold.")
    expires_at = Instant(help_text="The license's end, to come.")
    name = Text(max_length=200, required=False, help_text="The vendor's own word for it.")
    seats = terms.seats(required=False)
    entitlements = terms.entitlements(required=False)
    policy = terms.LicensePolicyBody(required=False)


class LicenseChange(StrictSerializer):
    """What may be changed of a license; programs hear of it at their next heartbeat."""

    name = Text(max_length=200, required=False)
    tier = Text(pattern=SLUG, max_length=40, required=False)
    seats = terms.seats(required=False)
    entitlements = terms.entitlements(required=False)
    expires_at = Instant(required=False, help_text="May be past: the license then ends at once.")
    policy = terms.LicensePolicyBody(required=False)


class Renewal(StrictSerializer):
    """The new end of a license."""

    expires_at = Instant(help_text="Later than the present end, and to come.")


class LicenseQuery(PageQuery):
    """Which licenses."""

    search = Text(
        required=False,
        max_length=100,
        help_text="A part of the name, or the last four characters of the key, in any case.",
    )
    product = Text(pattern=SLUG, max_length=63, required=False, help_text="The product's code.")
    tier = Text(pattern=SLUG, max_length=40, required=False, help_text="The tier's code.")
    status = serializers.ChoiceField(STATUSES, required=False)
    expires_before = Instant(required=False, help_text="Licenses that end earlier than this.")
    expires_from = Instant(required=False, help_text="Licenses that end then or later.")


class KeyBody(StrictSerializer):
    """A license key to look at."""

    license_key = Text(
        pattern=PRINTABLE, max_length=256, help_text="The license key, in any spelling."
    )


STATES: Final = ("active", "suspended", "revoked", "expired")


class KeyAnswer(serializers.Serializer[Any]):
    """What a license key gives now."""

    license_id = serializers.UUIDField()
    product = serializers.CharField(help_text="The product's code.")
    state = serializers.ChoiceField(STATES)
    tier = serializers.CharField()
    seats = serializers.IntegerField()
    entitlements = serializers.ListField(child=serializers.CharField())
    expires_at = Instant()


SHOWN_STATE: Final = {
    "license_id": SHOWN["id"],
    "product": SHOWN["product"],
    "state": "active",
    "tier": SHOWN["tier"],
    "seats": SHOWN["seats"],
    "entitlements": SHOWN["entitlements"],
    "expires_at": SHOWN["expires_at"],
}
