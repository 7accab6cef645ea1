"""Cases of the delegation."""

from collections.abc import Iterator, Mapping
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
    OTHER_SIGNER,
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

ORIGINAL = Original(DELEGATION_HEADER, DELEGATION, ROOT)
_USUAL = {"roots": ["root"], "now": NOW}
_BEGIN, _END = DELEGATION["nbf"], DELEGATION["exp"]


def document() -> dict[str, Any]:
    """Give the whole vector file."""
    return {
        "description": (
            "Delegations. Open the token with the roots named in the parameters. `claims` is the "
            "payload of a valid delegation."
        ),
        "cases": [{"parameters": _USUAL, **case} for case in _cases()],
    }


def _cases() -> Iterator[Case]:
    yield from _valid()
    yield from _times()
    yield from _limits()
    yield from _mix_ups()
    yield from every_attack(ORIGINAL)
    yield from _keys()
    for name, payload in bad_payloads(DELEGATION):
        token = ORIGINAL.with_payload(payload)
        yield {"name": name, "token": token, "expect": MALFORMED}


def _delegation(name: str, expect: str, claims: Mapping[str, object], **parameters: object) -> Case:
    whole = {**DELEGATION, **claims}
    case: Case = {"name": name, "token": ORIGINAL.with_payload(whole), "expect": expect}
    if expect == VALID:
        case["claims"] = whole
    return {**case, "parameters": {**_USUAL, **parameters}}


def _valid() -> Iterator[Case]:
    yield _delegation("plain", VALID, {})
    yield _delegation("with the issuer expected", VALID, {}, issuer=ISSUER)
    yield _delegation("another issuer", WRONG_PURPOSE, {}, issuer="https://b.test")
    yield _delegation("the issuer with a slash", WRONG_PURPOSE, {}, issuer=f"{ISSUER}/")
    yield _delegation("among two roots", VALID, {}, roots=["other-root", "root"])
    yield _delegation("a root nobody trusts", UNKNOWN_KEY, {}, roots=["other-root"])
    yield _delegation("no roots at all", UNKNOWN_KEY, {}, roots=[])
    yield _delegation("some tiers", VALID, {"tiers": ["basic", "pro"]})
    bare = {"kty": "OKP", "crv": "Ed25519", "x": DELEGATION["jwk"]["x"]}
    token = ORIGINAL.with_payload({**DELEGATION, "jwk": bare})
    yield {"name": "a key without labels", "token": token, "expect": VALID}


def _times() -> Iterator[Case]:
    yield _delegation("at its first second", VALID, {}, now=_BEGIN, leeway_seconds=0)
    early = {"now": _BEGIN - 1, "leeway_seconds": 0}
    yield _delegation("a second before it", NOT_IN_FORCE, {}, **early)
    yield _delegation("five minutes before it", VALID, {}, now=_BEGIN - 300)
    yield _delegation("a second more before it", NOT_IN_FORCE, {}, now=_BEGIN - 301)
    yield _delegation("in its last second", VALID, {}, now=_END - 1)
    yield _delegation("at the second of expiry", NOT_IN_FORCE, {}, now=_END)
    late = {"now": _END, "leeway_seconds": 3600}
    yield _delegation("leeway never lengthens", NOT_IN_FORCE, {}, **late)
    yield _delegation("expired, time not compared", VALID, {}, now=None)


def _limits() -> Iterator[Case]:
    yield _delegation("a day and a second", MALFORMED, {"exp": _BEGIN + 86_401})
    yield _delegation("no time at all", MALFORMED, {"exp": _BEGIN, "max_lease_s": 0})
    yield _delegation("ends before it begins", MALFORMED, {"exp": _BEGIN - 1})
    yield _delegation("a lease over half its life", MALFORMED, {"max_lease_s": 43_201})
    odd = {"exp": _BEGIN + 7201, "max_lease_s": 3600}
    yield _delegation("half of an odd life, rounded down", VALID, odd)
    odd_over = {"exp": _BEGIN + 7201, "max_lease_s": 3601}
    yield _delegation("half of an odd life, rounded up", MALFORMED, odd_over)
    yield _delegation("no lease at all", MALFORMED, {"max_lease_s": 0})


def _mix_ups() -> Iterator[Case]:
    others = {
        "a license token": compact(LICENSE_TOKEN_HEADER, LICENSE_TOKEN, SIGNER.sign),
        "a key set": compact(KEY_SET_HEADER, KEY_SET, ROOT.sign),
        "a delegation typed as a token": compact(
            {**DELEGATION_HEADER, "typ": "lic+jwt"}, DELEGATION, ROOT.sign
        ),
    }
    for name, token in others.items():
        yield {"name": f"{name} as a delegation", "token": token, "expect": WRONG_PURPOSE}


def _keys() -> Iterator[Case]:
    own = DELEGATION["jwk"]
    other = OTHER_SIGNER.public_key.jwk()
    keys: dict[str, object] = {
        "another than sub": other,
        "with another kid": {**own, "kid": OTHER_SIGNER.key_id},
        "the root itself": ROOT.public_key.jwk(),
        "with private member d": {**own, "d": "AAAA"},
        "with alg EdDSA": {**own, "alg": "EdDSA"},
        "for encryption": {**own, "use": "enc"},
        "for signing": {**own, "key_ops": ["sign"]},
        "of X25519": {**own, "crv": "X25519"},
        "one byte short": {**own, "x": own["x"][:-2]},
        "padded": {**own, "x": own["x"] + "="},
        "with a certificate": {**own, "x5c": ["MIIB"]},
        "without x": without(own, "x"),
        "a text": own["x"],
        "null": None,
    }
    for what, jwk in keys.items():
        yield _delegation(f"a key {what}", MALFORMED, {"jwk": jwk})
    yield _delegation("sub of another key", MALFORMED, {"sub": OTHER_SIGNER.key_id})
    root = {"jwk": ROOT.public_key.jwk(), "sub": ROOT.key_id}
    yield _delegation("a delegation to a root", MALFORMED, root)


def bad_payloads(claims: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Give payloads of which nothing may come out, whoever signed them."""
    yield from json_attacks.members(claims)
    yield from json_attacks.texts_of_json(claims)
    yield from json_attacks.integers(claims, "nbf", "exp", "max_lease_s")
    yield from json_attacks.texts(claims, "iss", "sub")
    lists: dict[str, object] = {
        "a text": "*",
        "empty": [],
        "null": None,
        "with an empty text": [""],
        "with one twice": ["pro", "pro"],
        "with a number": [1],
        "65 of them": [f"t{n}" for n in range(65)],
    }
    yield from changed(claims, "tiers", lists)
    formats: dict[str, object] = {
        "empty": [],
        "of another document": ["lic-deleg+jwt"],
        "with a second": ["lic+jwt", "lic-deleg+jwt"],
        "a text": "lic+jwt",
    }
    yield from changed(claims, "fmt", formats)
