"""Cases of the key set."""

from collections.abc import Iterator
from typing import Any

from . import json_attacks
from .documents import (
    DELEGATION,
    DELEGATION_HEADER,
    ISSUER,
    KEY_SET,
    KEY_SET_HEADER,
    LICENSE_TOKEN,
    LICENSE_TOKEN_HEADER,
    NOW,
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
    without,
)
from .jws_attacks import Original, every_attack

_USUAL = {"roots": ["root"], "now": NOW}
_BEGIN, _END = KEY_SET["iat"], KEY_SET["exp"]
_FIRST, _SECOND = KEY_SET["keys"]
_SMALL = {**KEY_SET, "keys": [_FIRST]}  # half the size, for the attacks that mind no key
ORIGINAL = Original(KEY_SET_HEADER, _SMALL, ROOT)


def document() -> dict[str, Any]:
    """Give the whole vector file."""
    return {
        "description": (
            "Key sets. Open the token with the roots named in the parameters. `claims` is the "
            "payload of a valid key set, `verifying` the ids of the keys it lets verify."
        ),
        "cases": [{"parameters": _USUAL, **case} for case in _cases()],
    }


def _cases() -> Iterator[Case]:
    yield from _valid()
    yield from _times()
    yield from _mix_ups()
    yield from every_attack(ORIGINAL)
    for name, member in _bad_keys():
        token = ORIGINAL.with_payload({**KEY_SET, "keys": [_FIRST, member]})
        yield {"name": f"a key {name}", "token": token, "expect": MALFORMED}
    for name, payload in bad_payloads(_SMALL):
        token = ORIGINAL.with_payload(payload)
        yield {"name": name, "token": token, "expect": MALFORMED}


def _keyset(name: str, expect: str, claims: dict[str, Any], **parameters: object) -> Case:
    whole = {**KEY_SET, **claims}
    case: Case = {"name": name, "token": ORIGINAL.with_payload(whole), "expect": expect}
    if expect == VALID:
        case["claims"] = whole
        alive = [key for key in whole["keys"] if key["status"] != "revoked"]
        case["verifying"] = sorted(key["kid"] for key in alive)
    return {**case, "parameters": {**_USUAL, **parameters}}


def _valid() -> Iterator[Case]:
    yield _keyset("plain", VALID, {})
    for status in ("next", "active", "retired", "revoked"):
        keys = [_FIRST, {**_SECOND, "status": status}]
        yield _keyset(f"a key {status}", VALID, {"keys": keys})
    yield _keyset("one key", VALID, {"keys": [_FIRST]})
    yield _keyset("version zero", VALID, {"version": 0})
    yield _keyset("of the expected issuer", VALID, {}, issuer=ISSUER)
    yield _keyset("of another issuer", WRONG_PURPOSE, {}, issuer="https://b.test")
    yield _keyset("the lowest version seen", VALID, {}, lowest_version=3)
    yield _keyset("a version already left behind", NOT_IN_FORCE, {}, lowest_version=4)
    yield _keyset("a root nobody trusts", UNKNOWN_KEY, {}, roots=["other-root"])


def _times() -> Iterator[Case]:
    yield _keyset("at the second of issue", VALID, {}, now=_BEGIN, leeway_seconds=0)
    early = {"now": _BEGIN - 1, "leeway_seconds": 0}
    yield _keyset("a second before issue", NOT_IN_FORCE, {}, **early)
    yield _keyset("five minutes before issue", VALID, {}, now=_BEGIN - 300)
    yield _keyset("a second more before issue", NOT_IN_FORCE, {}, now=_BEGIN - 301)
    yield _keyset("in the last second", VALID, {}, now=_END - 1)
    yield _keyset("at the second of expiry", NOT_IN_FORCE, {}, now=_END)
    yield _keyset("ends as it begins", MALFORMED, {"exp": _BEGIN})


def _mix_ups() -> Iterator[Case]:
    others = {
        "a license token": compact(LICENSE_TOKEN_HEADER, LICENSE_TOKEN, SIGNER.sign),
        "a delegation": compact(DELEGATION_HEADER, DELEGATION, ROOT.sign),
    }
    for name, token in others.items():
        yield {"name": f"{name} as a key set", "token": token, "expect": WRONG_PURPOSE}


def _bad_keys() -> Iterator[tuple[str, object]]:
    yield "listed twice", _FIRST
    yield "that is no object", _SECOND["n"]
    for name in ("kty", "n", "e", "status", "nbf"):
        yield f"without {name}", without(_SECOND, name)
    yield "of unknown status", {**_SECOND, "status": "trusted"}
    yield "of a status in capitals", {**_SECOND, "status": "ACTIVE"}
    yield "whose status is a list", {**_SECOND, "status": ["active"]}
    yield "that ends as it begins", {**_SECOND, "exp": _SECOND["nbf"]}
    yield "whose end is null", {**_SECOND, "exp": None}
    yield "whose begin is true", {**_SECOND, "nbf": True}
    yield "with a private member", {**_SECOND, "d": "AAAA"}
    yield "with a certificate", {**_SECOND, "x5u": "https://evil.test"}
    yield "under another kid", {**_SECOND, "kid": _FIRST["kid"]}
    yield "of Ed25519", {**SIGNER.public_key.jwk(), "status": "active", "nbf": 0}


def bad_payloads(claims: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Give payloads of which nothing may come out, whoever signed them."""
    yield from json_attacks.members(claims)
    yield from json_attacks.texts_of_json(claims)
    yield from json_attacks.integers(claims, "iat", "exp", "version", "min_profile")
    yield from json_attacks.texts(claims, "iss")
    lists: dict[str, object] = {"empty": [], "an object": _FIRST, "null": None}
    yield from changed(claims, "keys", lists)
