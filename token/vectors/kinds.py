"""Every kind of document or credential with all attacks on it: a new kind is one more entry.

The vector files are made of these attacks too. Whoever opens documents somewhere else (an SDK, a
server) takes a kind from `KINDS`, gives it claims that are good there, and presents every attack.
"""

import hashlib
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from coditect_license_token.testing import InMemorySigner

from . import (
    delegation_cases,
    documents,
    json_attacks,
    jws_attacks,
    keyset_cases,
    license_data_cases,
    license_token_cases,
    revocations_cases,
)
from .forge import OTHER_ROOT, ROOT, SIGNER, text_of

Claims = dict[str, Any]
Attacks = Iterator[tuple[str, bytes]]
BadPayloads = Callable[[Claims], Attacks]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind whose documents are compact JWS. `types` and `optional`: see jws_attacks.Original."""

    typ: str
    claims: Claims
    key: InMemorySigner
    bad_payloads: BadPayloads
    types: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()

    def document(self, claims: Claims | None = None, key: InMemorySigner | None = None) -> bytes:
        """Give a good document, with other claims and under another key where given."""
        return self._original(claims, key).token().encode("ascii")

    def attacks(self, claims: Claims | None = None, key: InMemorySigner | None = None) -> Attacks:
        """Give everything an attacker would send in place of that document, each with a name."""
        original = self._original(claims, key)
        for case in jws_attacks.every_attack(original):
            yield case["name"], case["token"].encode("utf-8", "surrogatepass")
        for name, payload in self.bad_payloads(original.payload):
            yield f"payload: {name}", original.with_payload(payload).encode("ascii")

    def _original(self, claims: Claims | None, key: InMemorySigner | None) -> jws_attacks.Original:
        signer = self.key if key is None else key
        return jws_attacks.Original(
            {"alg": signer.algorithm.value, "kid": signer.key_id, "typ": self.typ},
            self.claims if claims is None else claims,
            signer,
            self.optional,
            self.types,
        )


@dataclass(frozen=True, kw_only=True)
class RootSignedJson:
    """The kind whose documents are JSON objects with a signature inside; the root of `keys/`."""

    claims: Claims = field(default_factory=lambda: documents.LICENSE_DATA)

    def document(self, claims: Claims | None = None) -> bytes:
        """Give a good document, with other members where given."""
        return text_of(license_data_cases.signed(claims or self.claims))

    def attacks(self, claims: Claims | None = None) -> Attacks:
        """Give everything an attacker would send in place of that document, each with a name."""
        members = claims or self.claims
        good = license_data_cases.signed(members)
        yield from license_data_cases.bad_documents(good)
        for name, bad in license_data_cases.bad_signatures(members):
            yield name, text_of(bad)
        for name in members:
            yield f"{name} changed", text_of({**good, name: f"{good[name]}2"})
        for label in ("none", "NONE", "nOnE", "", "HS256", "RS256", "RSA_SIGN_PSS_4096_SHA256"):
            yield f"labelled {label!r}", text_of({**good, "signature_algorithm": label})
        other = {**members, "key_id": OTHER_ROOT.key_id}
        yield "another root's", text_of(license_data_cases.signed(other, OTHER_ROOT.sign))
        yield "another root's id", text_of(license_data_cases.signed(other))


# An access token may say more than we read, may give no role, and may be of nobody's tenant: none
# of that is an attack, and the last has an answer of its own.
_NO_ATTACKS_ON_BEARER = frozenset(
    {
        *(f"role {what}" for what in ("missing", "renamed")),
        *(f"tenant_id {what}" for what in ("missing", "renamed", "as null")),
        *(f"a member {what}" for what in ("nobody knows", "without a name", "named __proto__")),
    }
)


def _bad_bearer_payloads(claims: Claims) -> Attacks:
    for name, payload in _spoiled_bearer_payloads(claims):
        if name not in _NO_ATTACKS_ON_BEARER:
            yield name, payload


def _spoiled_bearer_payloads(claims: Claims) -> Attacks:
    yield from json_attacks.texts_of_json(claims)
    yield from json_attacks.integers(claims, "iat", "exp", "nbf")
    yield from json_attacks.texts(claims, "iss", "aud", "sub", "tenant_id")
    yield from json_attacks.members(claims)
    for name in ("iss", "aud"):
        own = str(claims[name])
        for what, value in {
            "in capitals": own.upper(),
            "a prefix": own[:-1],
            "longer": f"{own}.evil.test",
            "with a slash": f"{own}/",
            "in a list": [own],
            "in a query": f"https://evil.test/?{own}",
        }.items():
            yield f"{name} {what}", text_of({**claims, name: value})


@dataclass(frozen=True, kw_only=True)
class LicenseKey:
    """The kind that is a secret text, compared and never verified."""

    def document(self, key: str = "CDT1-00000-00000-00000-00000-00000-00000") -> bytes:
        """Give the key as it is shown."""
        return key.encode("ascii")

    def attacks(self, key: str = "CDT1-00000-00000-00000-00000-00000-00000") -> Attacks:
        """Give everything a guesser would send in place of that key, each with a name."""
        for place, letter in enumerate(key):
            other = "2" if letter != "2" else "3"
            yield f"letter {place} changed", (key[:place] + other + key[place + 1 :]).encode()
        for what, text in _spoiled_keys(key).items():
            yield what, text.encode("utf-8", "surrogatepass")


def _with_check(body: str) -> str:
    """Give a body with its CRC-32, as the server spells it."""
    number = zlib.crc32(body.encode("ascii"))
    letters = "0123456789abcdefghjkmnpqrstvwxyz"
    return body + "".join(letters[number >> 5 * place & 31] for place in reversed(range(7)))


_API_TOKEN = _with_check("cdtsa1_" + 58 * "0")


@dataclass(frozen=True, kw_only=True)
class ApiToken:
    """The kind that is a secret text of one spelling, and names the tenant it belongs to."""

    def document(self, token: str = _API_TOKEN) -> bytes:
        """Give the token as it is shown."""
        return token.encode("ascii")

    def attacks(self, token: str = _API_TOKEN) -> Attacks:
        """Give everything a guesser would send in place of that token, each with a name."""
        for place, letter in enumerate(token):
            other = "2" if letter != "2" else "3"
            yield f"letter {place} changed", (token[:place] + other + token[place + 1 :]).encode()
        for what, text in _spoiled_tokens(token).items():
            yield what, text.encode("utf-8", "surrogatepass")


def _spoiled_tokens(token: str) -> dict[str, str]:
    head, tenant, secret = token[:7], token[7:33], token[33:65]
    return {
        "nothing": "",
        "the prefix alone": head,
        "the prefix of another version": f"cdtsa2_{token[7:]}",
        "without its prefix": token[7:],
        "in capitals": token.upper(),
        "its prefix in capitals": head.upper() + token[7:],
        "without its check": token[:-7],
        "one letter short": token[:-1],
        "one letter long": f"{token}0",
        "twice": f"{token},{token}",
        "of no tenant": _with_check(head + 26 * "0" + secret),
        "of a tenant beyond all": _with_check(head + 26 * "z" + secret),
        "with another secret": _with_check(head + tenant + secret[::-1]),
        "with a secret of zeros": _with_check(head + tenant + 32 * "0"),
        "with a wildcard for a secret": f"{head}{tenant}%",
        "with NUL": f"{token}\x00",
        "with a line break": f"{token}\n",
        "with a line break inside": f"{token[:9]}\r\n{token[9:]}",
        "with an O for a zero": f"{token[:-1]}o",
        "with a hyphen inside": f"{token[:33]}-{token[33:]}",
        "in fullwidth letters": "".join(chr(ord(letter) + 0xFEE0) for letter in token),
        "with a zero width space": f"{token}\u200b",
        "with a lone surrogate": f"{token}\ud800",
        "percent-encoded": f"%63{token[1:]}",
        "as SQL": f"{token}' OR '1'='1",
        "as its own hash": hashlib.sha256(token.encode()).hexdigest(),
        "of 40,000 letters": token.ljust(40_000, "0"),
    }


def _spoiled_keys(key: str) -> dict[str, str]:
    letters = key.replace("-", "")
    fullwidth = "".join(chr(ord(letter) + 0xFEE0) for letter in key)
    return {
        "one letter short": key[:-1],
        "one letter long": f"{key}0",
        "the prefix alone": "CDT1-",
        "without its prefix": key[5:],
        "with another prefix": f"CDT2{key[4:]}",
        "backwards": key[::-1],
        "twice": f"{key},{key}",
        "with NUL": f"{key}\x00",
        "with NUL inside": f"{key[:9]}\x00{key[9:]}",
        "with a line break": f"{key}\n",
        "with a line break inside": f"{key[:9]}\r\n{key[9:]}",
        "with a tab inside": f"{key[:9]}\t{key[9:]}",
        "in fullwidth letters": fullwidth,
        "with a Cyrillic letter": f"\u0421{key[1:]}",
        "with a dotless letter": f"{key[:4]}\u0131{key[5:]}",
        "with a soft hyphen": f"{key[:9]}\u00ad{key[9:]}",
        "with an en dash": key.replace("-", "\u2013"),
        "with a zero width space": f"{key}\u200b",
        "with a no-break space": f"{key}\u00a0",
        "with a lone surrogate": f"{key}\ud800",
        "percent-encoded": f"%43{key[1:]}",
        "as a wildcard": "%",
        "as a star": "CDT1-*",
        "as SQL": f"{key}' OR '1'='1",
        "as a format": "%s%n{0}",
        "as its own hash": hashlib.sha256(letters.encode()).hexdigest(),
        "with 64 zeros": "0" * 64,
        "of 256 letters": key.ljust(256, "0"),
        "of 257 letters": key.ljust(257, "0"),
        "of 40,000 letters": key.ljust(40_000, "0"),
        "of 8,000 hyphens": "CDT1" + "-" * 8_000,
    }


KINDS: dict[str, Kind | RootSignedJson | LicenseKey | ApiToken] = {
    "license_token": Kind(
        typ="lic+jwt",
        claims=documents.LICENSE_TOKEN,
        key=SIGNER,
        bad_payloads=lambda claims: license_token_cases.bad_payloads({"nonce": "n-1", **claims}),
    ),
    "delegation": Kind(
        typ="lic-deleg+jwt",
        claims=documents.DELEGATION,
        key=ROOT,
        bad_payloads=delegation_cases.bad_payloads,
    ),
    "keyset": Kind(
        typ="lic-keys+jwt",
        claims=documents.KEY_SET,
        key=ROOT,
        bad_payloads=keyset_cases.bad_payloads,
    ),
    "revocations": Kind(
        typ="lic-revoked+jwt",
        claims=documents.REVOCATIONS,
        key=ROOT,
        bad_payloads=revocations_cases.bad_payloads,
    ),
    "license_data": RootSignedJson(),
    "bearer": Kind(
        typ="JWT",
        claims=documents.BEARER,
        key=SIGNER,
        bad_payloads=_bad_bearer_payloads,
        types=frozenset({"JWT", "at+jwt"}),
        optional=frozenset({"typ", "x5t", "x5t#S256"}),
    ),
    "license_key": LicenseKey(),
    "api_token": ApiToken(),
}


def other_documents(kind: str) -> Attacks:
    """Give a good document of each other kind, to be presented where this kind is due."""
    for name, other in KINDS.items():
        if name != kind:
            yield f"a {name}", other.document()
