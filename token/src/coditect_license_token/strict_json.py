"""JSON without its ambiguities: one reading for every text (RFC 8259, RFC 7493).

Python's reader takes the last of two equal members, NaN, Infinity and integers of any length.
Two verifiers that read such a text differently can be played against each other, so it is refused.
"""

import json
import re
from typing import Any, Never

from coditect_license_token.errors import MalformedDocument

MAX_DEPTH = 8
MAX_INTEGER = 2**53 - 1  # exact in every language, JavaScript's numbers included (RFC 7493)
_MAX_INTEGER_CHARACTERS = len(str(-MAX_INTEGER))
# A string (skipped whole, even when it never ends, so the search stays linear) or a bracket.
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)


def encode(value: object) -> bytes:
    """Encode a value as compact ASCII JSON with sorted member names."""
    return _ENCODER.encode(value).encode("ascii")


def decode_object(data: bytes) -> dict[str, Any]:
    """Read one JSON object that every strict reader reads alike.

    Raises MalformedDocument for anything but UTF-8, duplicate members, floats, NaN and Infinity,
    integers beyond 2**53 - 1, more than eight levels, trailing data, and values that are no object.
    Does not check member names or types: that is the caller's.
    """
    try:
        text = data.decode("utf-8")
        _refuse_depth(text)
        value = _DECODER.decode(text)
    except ValueError as error:  # UnicodeDecodeError and JSONDecodeError are ValueErrors
        raise MalformedDocument("not JSON in UTF-8") from error
    if not isinstance(value, dict):
        raise MalformedDocument("not a JSON object")
    return value


def _refuse_depth(text: str) -> None:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        if match[0] in "[{":
            depth += 1
        elif match[0] in "]}":
            depth -= 1
        if depth > MAX_DEPTH:
            raise MalformedDocument(f"nested deeper than {MAX_DEPTH} levels")


def _unique_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise MalformedDocument("a member appears twice")
    return members


def _integer(text: str) -> int:
    if text == "-0" or len(text) > _MAX_INTEGER_CHARACTERS or abs(int(text)) > MAX_INTEGER:
        raise MalformedDocument("an integer that is not exact in every language")
    return int(text)


def _refuse_number(text: str) -> Never:
    raise MalformedDocument(f"not an integer: {text[:16]}")


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)
_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique_members,
    parse_int=_integer,
    parse_float=_refuse_number,
    parse_constant=_refuse_number,
)
