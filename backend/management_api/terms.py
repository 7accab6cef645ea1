"""What tiers and licenses both say: seats, entitlements, policy."""

from typing import Any, Final

from rest_framework import serializers

from licenses.rules import (
    HIGHEST_TTL_SECONDS,
    LOWEST_TTL_SECONDS,
    MOST_ENTITLEMENTS,
    MOST_OFFLINE_SECONDS,
    MOST_SEATS,
    MOST_TEXT_CHARACTERS,
)
from management_api.fields import PRINTABLE, Count, Flag, Names, Text
from management_api.serializers import StrictSerializer

SHOWN_POLICY: Final = {
    "ttl_seconds": 360,
    "heartbeat_interval_seconds": 120,
    "offline_seconds": 604_800,
    "key_auth": True,
    "overdraft_seats": 0,
}
SHOWN_LICENSE_POLICY: Final = {**SHOWN_POLICY, "seats_per_person": None}
PERSONAL_CAP: Final = (
    "How many one person may hold at once: null is the installation's setting, 0 any number."
)


def seats(**options: Any) -> Count:
    """Return the field of a number of seats."""
    return Count(min_value=0, max_value=MOST_SEATS, help_text="How many may be held.", **options)


def entitlements(**options: Any) -> Names:
    """Return the field of a list of entitlements."""
    text = Text(pattern=PRINTABLE, max_length=MOST_TEXT_CHARACTERS)
    said = "Named features, all different."
    return Names(child=text, max_length=MOST_ENTITLEMENTS, help_text=said, **options)


class PolicyBody(StrictSerializer):
    """How programs hold the seats; what is not said stays, or is the tier's."""

    ttl_seconds = Count(
        required=False,
        min_value=LOWEST_TTL_SECONDS,
        max_value=HIGHEST_TTL_SECONDS,
        help_text="How long a lease runs from its last renewal.",
    )
    heartbeat_interval_seconds = Count(
        required=False,
        min_value=1,
        max_value=HIGHEST_TTL_SECONDS // 3,
        help_text="How often programs renew; at most a third of `ttl_seconds`.",
    )
    offline_seconds = Count(
        required=False,
        min_value=0,
        max_value=MOST_OFFLINE_SECONDS,
        help_text="How long a seat may be lent for as a file at the most; 0 lends nothing.",
    )
    key_auth = Flag(required=False, help_text="Whether the license key alone may take seats.")
    overdraft_seats = Count(
        required=False, min_value=0, max_value=MOST_SEATS, help_text="Granted above `seats`."
    )


class LicensePolicyBody(PolicyBody):
    """How programs and persons hold the seats; what is not said stays, or is the tier's."""

    seats_per_person = Count(
        required=False,
        allow_null=True,
        min_value=0,
        max_value=MOST_SEATS,
        help_text=PERSONAL_CAP,
    )


class PolicyAnswer(serializers.Serializer[Any]):
    """How programs hold the seats."""

    ttl_seconds = serializers.IntegerField()
    heartbeat_interval_seconds = serializers.IntegerField()
    offline_seconds = serializers.IntegerField()
    key_auth = serializers.BooleanField()
    overdraft_seats = serializers.IntegerField()


class LicensePolicyAnswer(PolicyAnswer):
    """How programs and persons hold the seats."""

    seats_per_person = serializers.IntegerField(allow_null=True, help_text=PERSONAL_CAP)


def flat(body: dict[str, Any]) -> dict[str, Any]:
    """Return a body with the members of its policy beside the others, as operations take them."""
    policy = body.get("policy", {})
    return {**{name: value for name, value in body.items() if name != "policy"}, **policy}
