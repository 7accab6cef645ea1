"""The chain of a tenant's audit: canonical text, hashes, commitments.

docs/audit.md is the normative text. Pure: whoever has the entries can compute all of it.
"""

import hashlib
import hmac
import json
from typing import Any, Final

from coditect_license_token.errors import MalformedDocument

VERSION: Final = 1
"""The ``v`` of every entry."""

FIRST_HASH: Final = bytes(32)
"""What stands before the first entry."""

FORGOTTEN: Final = "subject.forgotten"
"""The action whose ``details.subjects`` names whose personal values cannot be opened any more."""

_ENTRY: Final = b"\x00"
_COMMITMENT: Final = b"\x01"
_MEMBERS: Final = frozenset(
    {
        "action",
        "at",
        "details",
        "id",
        "license_id",
        "personal",
        "position",
        "principal",
        "session_id",
        "tenant_id",
        "v",
    }
)


def canonical(value: object) -> str:
    """Return the one text of a JSON value: ASCII, no spaces, members sorted by code point.

    Raises ValueError for what JSON cannot say: NaN, infinities, values of other types.
    """
    return _ENCODER.encode(value)


def next_hash(before: bytes, entry: str) -> bytes:
    """Return the hash after an entry: SHA-256 over 0x00, the hash before it, and its text."""
    return hashlib.sha256(_ENTRY + before + entry.encode("ascii")).digest()


def field_salt(subject_salt: bytes, event_id: str, field: str) -> bytes:
    """Return the salt of one personal value: HMAC-SHA256 of ``event_id/field``.

    To show it opens that one value and no other of the same subject.
    """
    return hmac.digest(subject_salt, f"{event_id}/{field}".encode(), "sha256")


def commitment(salt: bytes, value: object) -> str:
    """Return what stands in an entry for a personal value: SHA-256 over 0x01, salt, value.

    In hexadecimal; the value in its canonical text.
    """
    return hashlib.sha256(_COMMITMENT + salt + canonical(value).encode("ascii")).hexdigest()


def read_entry(text: str) -> dict[str, Any]:
    """Return the members of an entry.

    Raises MalformedDocument unless it is in canonical form, with the members of version 1.
    """
    try:
        entry = json.loads(text)
        is_canonical = canonical(entry) == text
    except (ValueError, RecursionError) as error:
        raise MalformedDocument("an entry that is not JSON") from error
    if not is_canonical:
        raise MalformedDocument("an entry that is not in canonical form")
    if not isinstance(entry, dict) or entry.keys() != _MEMBERS or entry["v"] != VERSION:
        raise MalformedDocument("an entry with other members than those of version 1")
    for name, kind in (("details", dict), ("personal", dict), ("position", int)):
        if not isinstance(entry[name], kind):
            raise MalformedDocument(f"an entry whose {name} has another type")
    if not all(_is_sealed(sealed) for sealed in entry["personal"].values()):
        raise MalformedDocument("an entry whose personal values have another form")
    return entry


def forgotten_in(entry: dict[str, Any]) -> set[str]:
    """Return the subjects that a record of forgetting names."""
    subjects = entry["details"].get("subjects")
    return set(map(str, subjects)) if isinstance(subjects, list) else set()


def _is_sealed(sealed: object) -> bool:
    return (
        isinstance(sealed, dict)
        and sealed.keys() == {"commitment", "subject"}
        and all(isinstance(value, str) for value in sealed.values())
    )


_ENCODER: Final = json.JSONEncoder(
    ensure_ascii=True, allow_nan=False, sort_keys=True, separators=(",", ":")
)
