"""The exact shapes members may have.

Strings are printable ASCII: such a string has one JSON spelling in RFC 8785, in Python's `json` and
in every other language, and no look-alikes, direction marks or line breaks reach a log or a screen.
"""

import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from functools import lru_cache

from coditect_license_token.errors import MalformedDocument
from coditect_license_token.strict_json import MAX_INTEGER

MAX_TEXT_CHARACTERS = 256
MAX_TEXTS = 64
_UTC = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}\+00:00")
_NO_MEMBERS: frozenset[str] = frozenset()


def require_members(
    given: Iterable[str], required: AbstractSet[str], optional: AbstractSet[str] = _NO_MEMBERS
) -> None:
    """Raise MalformedDocument unless the member names are exactly the known."""
    names = set(given)
    if not required <= names:
        raise MalformedDocument(f"members missing: {sorted(required - names)}")
    if not names <= required | optional:
        raise MalformedDocument("members that no document of this kind has")


def require_text(value: object, name: str) -> str:
    """Return the value if it is 1 to 256 printable ASCII characters."""
    if not isinstance(value, str) or not 0 < len(value) <= MAX_TEXT_CHARACTERS:
        raise MalformedDocument(f"{name} is not 1 to {MAX_TEXT_CHARACTERS} printable characters")
    if not (value.isascii() and value.isprintable()):
        raise MalformedDocument(f"{name} is not printable ASCII")
    return value


def require_texts(value: object, name: str, *, most: int = MAX_TEXTS) -> tuple[str, ...]:
    """Return the values as a tuple if they are at most so many distinct texts."""
    if not isinstance(value, list | tuple) or len(value) > most:
        raise MalformedDocument(f"{name} is not a list of at most {most}")
    texts = tuple(require_text(text, name) for text in value)
    if len(set(texts)) != len(texts):
        raise MalformedDocument(f"{name} repeats a value")
    return texts


def require_text_tuple(value: object, name: str, *, most: int = MAX_TEXTS) -> tuple[str, ...]:
    """Return the value if it is a tuple of at most so many distinct texts."""
    if not isinstance(value, tuple):
        raise MalformedDocument(f"{name} is not a tuple")
    return require_texts(value, name, most=most)


def require_integer(value: object, name: str) -> int:
    """Return the value if it is an integer from 0 to 2**53 - 1, and no bool."""
    if type(value) is not int or not 0 <= value <= MAX_INTEGER:
        raise MalformedDocument(f"{name} is not an integer from 0 to 2**53 - 1")
    return value


def require_utc(value: object, name: str) -> datetime:
    """Parse a time written as `2025-12-29T04:35:35.407120+00:00`.

    That is RFC 3339 with exactly six decimals and `+00:00`: one spelling for every instant.
    """
    if not isinstance(value, str):
        raise MalformedDocument(f"{name} is not text")
    try:
        return _instant(value)
    except ValueError as error:
        raise MalformedDocument(f"{name} is not a UTC time with six decimals") from error


@lru_cache(maxsize=256)  # most times that are sealed are the end of one of a few licenses
def _instant(text: str) -> datetime:
    if _UTC.fullmatch(text) is None:
        raise ValueError("another spelling")
    return datetime.fromisoformat(text)


def require_object(value: object, name: str) -> Mapping[str, object]:
    """Return the value if it is a JSON object."""
    if not isinstance(value, Mapping):
        raise MalformedDocument(f"{name} is not an object")
    return value
