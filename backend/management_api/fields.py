"""The kinds of values that calls take and give: each is exactly its JSON type, never something
that could be read as it.
"""

import re
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

from rest_framework import serializers

from foundation.clock import rfc3339

# ``$`` would let a line feed at the end pass in Python; this end means the end everywhere.
PRINTABLE: Final = r"^[ -~]*(?![\s\S])"
"""Printable ASCII."""

# What commands a terminal, ends a line, or turns the order of others about (Unicode, UAX 9).
_NO_TEXT: Final = r"\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069"
PLAIN_TEXT: Final = rf"^[^\s{_NO_TEXT}]([^{_NO_TEXT}]*[^\s{_NO_TEXT}])?(?![\s\S])"
"""Text for people, of one line in the order it is written, without blanks at its ends."""

SLUG: Final = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(?![\s\S])"
"""A code: what programs and addresses call a thing."""

_RFC3339: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)", re.ASCII
)
WRONG_TYPE: Final = "wrong_type"


BOUNDS: Final[dict[str, Any]] = {
    "invalid": "must be a whole number",
    "max_value": "may be at most {max_value}",
    "min_value": "must be at least {min_value}",
    "max_string_length": "must be a whole number",
}


class NumberInQuery(serializers.IntegerField):
    """A whole number, spelled in the address."""

    default_error_messages = BOUNDS


class Text(serializers.RegexField):
    """A string of one line; ``pattern`` says which characters it may hold."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": "is not of the form asked for",
        "max_length": "may have at most {max_length} characters",
    }

    def __init__(self, *, pattern: str = PLAIN_TEXT, **options: Any) -> None:
        super().__init__(pattern, trim_whitespace=False, **options)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Return a string as it is. Raises ValidationError."""
        if data is not serializers.empty and data is not None and not isinstance(data, str):
            raise serializers.ValidationError("must be a string", WRONG_TYPE)
        return super().run_validation(data)


class Count(serializers.IntegerField):
    """A whole number."""

    default_error_messages = BOUNDS

    def to_internal_value(self, data: Any) -> int:
        """Return an integer; 5.0 is one, as JSON Schema has it. Raises ValidationError."""
        if isinstance(data, float) and data.is_integer():
            return int(data)
        if not isinstance(data, int) or isinstance(data, bool):
            raise serializers.ValidationError("must be a whole number", WRONG_TYPE)
        return data


class Names(serializers.ListField):
    """A list of texts, all different."""

    def to_internal_value(self, data: Any) -> list[str]:
        """Return the list. Raises ValidationError."""
        texts: list[str] = super().to_internal_value(data)
        if len(set(texts)) != len(texts):
            raise serializers.ValidationError("must all be different", "repeated")
        return texts


class Flag(serializers.BooleanField):
    """True or false."""

    def to_internal_value(self, data: Any) -> bool:
        """Return a boolean as it is. Raises ValidationError."""
        if not isinstance(data, bool):
            raise serializers.ValidationError("must be true or false", WRONG_TYPE)
        return data


class Instant(serializers.DateTimeField):
    """An instant as RFC 3339 has it, with its offset; given back in UTC, always alike."""

    def to_internal_value(self, value: Any) -> datetime:
        """Return the instant in UTC. Raises ValidationError."""
        if not isinstance(value, str):
            raise serializers.ValidationError("must be a string", WRONG_TYPE)
        if _RFC3339.fullmatch(value) is None:
            raise serializers.ValidationError("must be an instant of RFC 3339", "invalid")
        try:
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            raise serializers.ValidationError("is no instant there is", "out_of_range") from None

    def to_representation(self, value: datetime) -> str:
        """Return the instant as the contract writes it."""
        return rfc3339(value)
