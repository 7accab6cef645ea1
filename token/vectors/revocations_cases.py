"""Cases of the revocation list."""

from collections.abc import Iterator
from typing import Any

from . import json_attacks
from .documents import (
    ISSUER,
    KEY_SET,
    KEY_SET_HEADER,
    LICENSE_TOKEN,
    LICENSE_TOKEN_HEADER,
    NOW,
    REVOCATIONS,
    REVOCATIONS_HEADER,
)
from .forge import (
    MALFORMED,
    NOT_IN_FORCE,
    ROOT,
    SIGNER,
    UNKNOWN_KEY,
    VALID,
    WRONG_PURPOSE,
    Case,
    changed,
    compact,
)
from .jws_attacks import Original, every_attack

_USUAL = {"roots": ["root"], "now": NOW}
_BEGIN, _END = REVOCATIONS["iat"], REVOCATIONS["exp"]
ORIGINAL = Original(REVOCATIONS_HEADER, REVOCATIONS, ROOT)


def document() -> dict[str, Any]:
    """Give the whole vector file."""
    return {
        "description": (
            "Revocation lists. Open the token with the roots named in the parameters. `claims` is "
            "the payload of a valid list."
        ),
        "cases": [{"parameters": _USUAL, **case} for case in _cases()],
    }


def _cases() -> Iterator[Case]:
    yield from _valid()
    yield from _times()
    yield from _mix_ups()
    yield from every_attack(ORIGINAL)
    for name, payload in bad_payloads(REVOCATIONS):
        token = ORIGINAL.with_payload(payload)
        yield {"name": name, "token": token, "expect": MALFORMED}


def _revoked(name: str, expect: str, claims: dict[str, Any], **parameters: object) -> Case:
    whole = {**REVOCATIONS, **claims}
    case: Case = {"name": name, "token": ORIGINAL.with_payload(whole), "expect": expect}
    if expect == VALID:
        case["claims"] = whole
    return {**case, "parameters": {**_USUAL, **parameters}}


def _valid() -> Iterator[Case]:
    yield _revoked("plain", VALID, {})
    yield _revoked("nothing revoked", VALID, {"keys": [], "sessions": []})
    most = [f"session-{number}" for number in range(128)]
    yield _revoked("as many as there may be", VALID, {"sessions": most})
    yield _revoked("one more than there may be", MALFORMED, {"sessions": [*most, "one-more"]})
    yield _revoked("of the expected issuer", VALID, {}, issuer=ISSUER)
    yield _revoked("of another issuer", WRONG_PURPOSE, {}, issuer="https://b.test")
    yield _revoked("the lowest version seen", VALID, {}, lowest_version=3)
    yield _revoked("a version already left behind", NOT_IN_FORCE, {}, lowest_version=4)
    yield _revoked("a root nobody trusts", UNKNOWN_KEY, {}, roots=["other-root"])


def _times() -> Iterator[Case]:
    yield _revoked("five minutes before issue", VALID, {}, now=_BEGIN - 300)
    yield _revoked("a second more before issue", NOT_IN_FORCE, {}, now=_BEGIN - 301)
    yield _revoked("in the last second", VALID, {}, now=_END - 1)
    yield _revoked("at the second of expiry", NOT_IN_FORCE, {}, now=_END)
    yield _revoked("ends as it begins", MALFORMED, {"exp": _BEGIN})


def _mix_ups() -> Iterator[Case]:
    others = {
        "a license token": compact(LICENSE_TOKEN_HEADER, LICENSE_TOKEN, SIGNER.sign),
        "a key set": compact(KEY_SET_HEADER, KEY_SET, ROOT.sign),
    }
    for name, token in others.items():
        yield {"name": f"{name} as a revocation list", "token": token, "expect": WRONG_PURPOSE}


def bad_payloads(claims: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Give payloads of which nothing may come out, whoever signed them."""
    yield from json_attacks.members(claims)
    yield from json_attacks.texts_of_json(claims)
    yield from json_attacks.integers(claims, "iat", "exp", "version")
    yield from json_attacks.texts(claims, "iss")
    first = claims["keys"][0]
    lists: dict[str, object] = {
        "an object": {},
        "a text": first,
        "null": None,
        "a key twice": [first, first],
        "with a number": [1],
        "with an empty text": [""],
    }
    yield from changed(claims, "keys", lists)
    yield from changed(claims, "sessions", lists)
