"""Cases of the license token."""

from collections.abc import Iterator
from typing import Any

from . import json_attacks
from .documents import (
    AUDIENCE,
    DELEGATION,
    DELEGATION_HEADER,
    HARDWARE_ID,
    ISSUER,
    KEY_SET,
    KEY_SET_HEADER,
    LICENSE_DATA,
    LICENSE_ID,
    LICENSE_TOKEN,
    LICENSE_TOKEN_HEADER,
    LIMITED_DELEGATION,
    NOW,
    TENANT_ID,
)
from .forge import (
    MALFORMED,
    NOT_IN_FORCE,
    ROOT,
    SIGNER,
    VALID,
    WRONG_PURPOSE,
    Case,
    changed,
    compact,
    text_of,
    without,
)
from .jws_attacks import Original, every_attack

ORIGINAL = Original(LICENSE_TOKEN_HEADER, LICENSE_TOKEN, SIGNER)
_USUAL = {"delegation": "usual", "now": NOW}


def document() -> dict[str, Any]:
    """Give the whole vector file."""
    return {
        "description": (
            "License tokens. Open the delegation named in the parameters with the key `root` and "
            "without a time, then the token under it. `claims` is the payload of a valid token."
        ),
        "delegations": {
            "usual": compact(DELEGATION_HEADER, DELEGATION, ROOT.sign),
            "limited": compact(DELEGATION_HEADER, LIMITED_DELEGATION, ROOT.sign),
        },
        "cases": [{"parameters": _USUAL, **case} for case in _cases()],
    }


def _cases() -> Iterator[Case]:
    yield from _valid()
    yield from _expectations()
    yield from _times()
    yield from _scopes()
    yield from _mix_ups()
    yield from every_attack(ORIGINAL)
    yield from _payloads()


def _token(name: str, expect: str, claims: dict[str, object], **parameters: object) -> Case:
    whole = {**LICENSE_TOKEN, **claims}
    case: Case = {"name": name, "token": ORIGINAL.with_payload(whole), "expect": expect}
    if expect == VALID:
        case["claims"] = whole
    return {**case, "parameters": {**_USUAL, **parameters}}


def _valid() -> Iterator[Case]:
    yield _token("plain", VALID, {})
    yield _token("with a nonce", VALID, {"nonce": "n-1"}, nonce="n-1")
    yield _token("with a nonce nobody compares", VALID, {"nonce": "n-1"})
    yield _token("without entitlements", VALID, {"entitlements": []})
    yield _token("64 entitlements", VALID, {"entitlements": [f"e{n}" for n in range(64)]})
    yield _token("texts of 256 characters", VALID, {"tier": "x" * 256, "aud": "~" * 256})
    yield _token("largest integers", VALID, {"gen": 2**53 - 1, "seq": 2**53 - 1})
    yield _token("smallest integers", VALID, {"gen": 0, "seq": 0})
    spaced = b" " + text_of(LICENSE_TOKEN).replace(b",", b" ,\n") + b"\t"
    yield {
        "name": "payload with spaces",
        "token": ORIGINAL.with_payload(spaced),
        "claims": LICENSE_TOKEN,
        "expect": VALID,
    }
    header = b'{"typ":"lic+jwt", "alg":"Ed25519", "kid":"' + SIGNER.key_id.encode() + b'"}'
    yield {
        "name": "header in another order",
        "token": ORIGINAL.with_header(header),
        "claims": LICENSE_TOKEN,
        "expect": VALID,
    }


def _expectations() -> Iterator[Case]:
    true = {
        "audience": AUDIENCE,
        "issuer": ISSUER,
        "hardware_id": HARDWARE_ID,
        "tenant_id": TENANT_ID,
        "license_id": LICENSE_ID,
    }
    yield _token("every expectation met", VALID, {"nonce": "n-1"}, nonce="n-1", **true)
    for name, own in true.items():
        others = {"another": "another", "a prefix": own[:-1], "longer": f"{own}.evil.test"}
        for what, value in others.items():
            yield _token(f"{name} {what}", WRONG_PURPOSE, {}, **{name: value})
    yield _token("nonce missing", WRONG_PURPOSE, {}, nonce="n-1")
    yield _token("nonce another", WRONG_PURPOSE, {"nonce": "n-2"}, nonce="n-1")
    yield _token("an issuer other than the delegation's", WRONG_PURPOSE, {"iss": "https://b.test"})


def _times() -> Iterator[Case]:
    yield _token("at the second of issue", VALID, {}, now=NOW, leeway_seconds=0)
    yield _token("a second before issue", NOT_IN_FORCE, {}, now=NOW - 1, leeway_seconds=0)
    yield _token("five minutes before issue", VALID, {}, now=NOW - 300)
    yield _token("a second more before issue", NOT_IN_FORCE, {}, now=NOW - 301)
    yield _token("in the last second", VALID, {}, now=NOW + 359)
    yield _token("at the second of expiry", NOT_IN_FORCE, {}, now=NOW + 360)
    late = {"now": NOW + 360, "leeway_seconds": 3600}
    yield _token("leeway never lengthens", NOT_IN_FORCE, {}, **late)
    yield _token("long ago, time not compared", VALID, {}, now=None)
    yield _token("ends as it begins", MALFORMED, {"exp": NOW})
    yield _token("ends before it begins", MALFORMED, {"exp": NOW - 1})


def _scopes() -> Iterator[Case]:
    end = DELEGATION["exp"]
    longest = {"iat": end - 43_200, "exp": end}
    yield _token("until the delegation's end", VALID, longest, now=end - 1)
    beyond = {"iat": end - 43_199, "exp": end + 1}
    yield _token("beyond the delegation's end", NOT_IN_FORCE, beyond, now=end - 1)
    yield _token("beyond it, time not compared", NOT_IN_FORCE, beyond, now=None)
    begin = DELEGATION["nbf"]
    yield _token("from the delegation's begin", VALID, {"iat": begin})
    yield _token("from before the delegation", NOT_IN_FORCE, {"iat": begin - 1})
    yield _token("the longest lease", VALID, {"exp": NOW + 43_200})
    yield _token("a longer lease", NOT_IN_FORCE, {"exp": NOW + 43_201})
    limited = {"delegation": "limited"}
    yield _token("a tier delegated by name", VALID, {"tier": "pro"}, **limited)
    for tier in ("enterprise", "PRO", "pr", "pro ", "*"):
        yield _token(f"tier {tier!r} not delegated", NOT_IN_FORCE, {"tier": tier}, **limited)
    short = {"tier": "pro", "exp": NOW + 361}
    yield _token("longer than the limited delegation", NOT_IN_FORCE, short, **limited)


def _mix_ups() -> Iterator[Case]:
    others = {
        "a delegation": compact(DELEGATION_HEADER, DELEGATION, ROOT.sign),
        "a key set": compact(KEY_SET_HEADER, KEY_SET, ROOT.sign),
        "claims signed as a delegation": compact(DELEGATION_HEADER, LICENSE_TOKEN, ROOT.sign),
    }
    for name, token in others.items():
        yield {"name": f"{name} as a token", "token": token, "expect": WRONG_PURPOSE}
    data = text_of(LICENSE_DATA).decode("ascii")
    yield {"name": "license data as a token", "token": data, "expect": MALFORMED}
    delegation = ORIGINAL.with_payload(DELEGATION)
    yield {"name": "delegation claims in a token", "token": delegation, "expect": MALFORMED}


def _payloads() -> Iterator[Case]:
    for name, payload in bad_payloads({**LICENSE_TOKEN, "nonce": "n-1"}):
        token = ORIGINAL.with_payload(payload)
        yield {"name": name, "token": token, "expect": MALFORMED}


def bad_payloads(claims: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Give payloads of which nothing may come out, whoever signed them."""
    yield from json_attacks.members(claims, optional="nonce")
    yield from json_attacks.texts_of_json(claims)
    yield from json_attacks.integers(claims, "iat", "exp", "gen", "seq")
    yield from json_attacks.texts(claims, "iss", "tier", "nonce", "hwb")
    yield from json_attacks.times(claims, "expires_at")
    for name in ("aud", "jti", "tenant_id", "license_id"):
        spoiled: dict[str, object] = {"empty": "", "a list": [AUDIENCE], "a number": 7}
        yield from changed(claims, name, spoiled)
    lists: dict[str, object] = {
        "a text": "export",
        "an object": {"export": True},
        "null": None,
        "with a number": ["export", 1],
        "with an empty text": [""],
        "with one twice": ["export", "export"],
        "65 of them": [f"e{n}" for n in range(65)],
        "nested": [["export"]],
    }
    yield from changed(claims, "entitlements", lists)
    yield from changed(claims, "hwb", _BINDINGS)
    confirmed = {**without(claims, "nonce"), "cnf": {"jkt": SIGNER.key_id}}
    yield "the reserved claim cnf", text_of(confirmed)


_BINDINGS: dict[str, object] = {
    "of 15 bytes": "AAAAAAAAAAAAAAAAAAAA",
    "of 17 bytes": "AAAAAAAAAAAAAAAAAAAAAAA",
    "padded": "AAAAAAAAAAAAAAAAAAAAAA==",
    "with spare bits": "AAAAAAAAAAAAAAAAAAAAAB",
    "in the standard alphabet": "++++++++++++++++++++AA",
}
