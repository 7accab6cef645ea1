"""What can be wrong with a compact JWS before anyone reads its payload."""

import base64
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from coditect_license_token.testing import InMemorySigner

from . import signature_attacks
from .forge import (
    BAD_SIGNATURE,
    MALFORMED,
    OTHER_ROOT,
    OTHER_SIGNER,
    UNKNOWN_KEY,
    WRONG_PURPOSE,
    Case,
    Sign,
    compact,
    encode,
    hmac_with,
    text_of,
    unsigned,
    without,
)


class Original(NamedTuple):
    """The valid document that the attacks start from.

    Its verifier may take some header members and types besides its own: `optional`, `types`.
    """

    header: dict[str, Any]
    payload: dict[str, Any]
    key: InMemorySigner
    optional: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()

    def token(self) -> str:
        """Give the valid document."""
        return compact(self.header, self.payload, self.key.sign)

    def with_header(self, header: object, sign: Sign | None = None) -> str:
        """Sign the payload under another header."""
        return compact(header, self.payload, sign or self.key.sign)

    def with_payload(self, payload: object) -> str:
        """Sign another payload with the true key."""
        return compact(self.header, payload, self.key.sign)


def every_attack(original: Original) -> Iterator[Case]:
    """Give all attacks below as cases."""
    for attacks in (_algorithms, _key_ids, _types, _headers, _signatures, _encodings):
        for name, token, expect in attacks(original):
            yield {"name": name, "token": token, "expect": expect}


def _algorithms(it: Original) -> Iterator[tuple[str, str, str]]:
    for spelling in ("none", "None", "NONE", "nOnE"):
        header = {**it.header, "alg": spelling}
        yield f"alg {spelling} without signature", it.with_header(header, unsigned), BAD_SIGNATURE
        yield f"alg {spelling} with a true signature", it.with_header(header), BAD_SIGNATURE
    pem = it.key.public_key.pem()
    jwk = it.key.public_key.jwk()
    secrets = {
        "PEM": pem.encode(),
        "PEM without its last line break": pem.rstrip().encode(),
        "DER in base64": "".join(pem.splitlines()[1:-1]).encode(),
        "JWK": text_of(jwk),
        "key id": it.key.key_id.encode(),
        "DER": base64.b64decode("".join(pem.splitlines()[1:-1])),
        "base64 with its line breaks": "".join(pem.splitlines(keepends=True)[1:-1]).encode(),
    }
    header = {**it.header, "alg": "HS256"}
    for what, secret in secrets.items():
        name = f"alg HS256 with the public key's {what} as secret"
        yield name, it.with_header(header, hmac_with(secret)), BAD_SIGNATURE
    yield "alg HS256 with an empty secret", it.with_header(header, hmac_with(b"")), BAD_SIGNATURE
    own = str(it.header["alg"])
    lookalike = own.replace("5", "\uff15").replace("S", "\u0405")
    others = ("EdDSA", "RS384", "PS256", "ES256", "HS512", "rs256", "ed25519", "", None, 7, [own])
    for label in (*others, lookalike, f"{own} ", f"{own}\x00", f"none,{own}"):
        token = it.with_header({**it.header, "alg": label})
        yield f"alg {label!r}", token, BAD_SIGNATURE
    token = it.with_header(it.header, hmac_with(pem.encode()))
    yield "the true alg over an HMAC with the public key", token, BAD_SIGNATURE


def _key_ids(it: Original) -> Iterator[tuple[str, str, str]]:
    own = it.key.key_id
    paths = ("../../dev/null", "x' OR '1'='1", "https://evil.test/jwks.json", "*", "|id")
    for spelling in (*paths, own.swapcase(), f" {own}", f"{own}=", own[:-1], own.upper()):
        yield f"kid {spelling}", it.with_header({**it.header, "kid": spelling}), UNKNOWN_KEY
    longer = {**it.header, "kid": it.key.key_id + "A"}
    yield "kid with one character more", it.with_header(longer), UNKNOWN_KEY
    for other in (OTHER_ROOT, OTHER_SIGNER):
        token = compact({**it.header, "kid": other.key_id}, it.payload, other.sign)
        yield f"another {other.algorithm.value} key under its own kid", token, UNKNOWN_KEY
    values = {"empty": "", "with NUL": f"{own}\x00", "null": None, "a number": 1, "a list": [own]}
    lookalike = {"with a look-alike": f"\u0410{own[1:]}", "of 300 characters": "k" * 300}
    for what, value in {**values, **lookalike}.items():
        yield f"kid {what}", it.with_header({**it.header, "kid": value}), MALFORMED


def _types(it: Original) -> Iterator[tuple[str, str, str]]:
    own = it.header["typ"]
    others = (
        {"lic+jwt", "lic-deleg+jwt", "lic-keys+jwt", "lic-revoked+jwt", "at+jwt", "JWT"}
        - {own}
        - it.types
    )
    spelled = {own.upper(), own.lower(), own.swapcase()} - {own}
    lookalike = own.replace("c", "\u0441").replace("J", "\u0408")
    odd = (f"application/{own}", f"{own} ", lookalike, f"{own}\x00", "", None, [own])
    for typ in (*sorted(others), *sorted(spelled), *odd):
        yield f"typ {typ!r}", it.with_header({**it.header, "typ": typ}), WRONG_PURPOSE


def _headers(it: Original) -> Iterator[tuple[str, str, str]]:
    extra: dict[str, object] = {
        "jwk": OTHER_ROOT.public_key.jwk(),
        "jku": "https://evil.test/jwks.json",
        "x5u": "https://evil.test/chain.pem",
        "x5c": ["MIIB"],
        "x5t": "AAAA",
        "crit": ["exp"],
        "b64": False,
        "x5t#S256": "AAAA",
        "zip": "DEF",
        "__proto__": {},
        "cty": "JWT",
        "enc": "A256GCM",
    }
    for name in sorted(extra.keys() - it.optional):
        with_it = {**it.header, name: extra[name]}
        yield f"header with {name}", it.with_header(with_it), MALFORMED
        yield f"header with {name}, by its key", it.with_header(with_it, OTHER_ROOT.sign), MALFORMED
    for name in it.header:
        if name not in it.optional:
            yield f"header without {name}", it.with_header(without(it.header, name)), MALFORMED
        twice = text_of(it.header)[:-1] + b"," + text_of({name: it.header[name]})[1:]
        yield f"header with {name} twice", it.with_header(twice), MALFORMED
    good = text_of(it.header)
    shapes = {
        "empty": b"",
        "an empty object": b"{}",
        "an array": b"[" + good + b"]",
        "a string": b'"alg"',
        "not UTF-8": good.replace(b'"typ":"', b'"typ":"\xff'),
        "followed by more": good + b"{}",
        "nested 1000 deep": b'{"a":' * 1000 + b"1" + b"}" * 1000,
    }
    for what, header in shapes.items():
        yield f"header {what}", it.with_header(header), MALFORMED


def _signatures(it: Original) -> Iterator[tuple[str, str, str]]:
    signed = it.token().rpartition(".")[0]
    for what, signature in signature_attacks.forged(signed.encode(), it.key):
        yield f"signature {what}", f"{signed}.{encode(signature)}", BAD_SIGNATURE
    for other in (OTHER_ROOT, OTHER_SIGNER):
        name = f"signature by another {other.algorithm.value} key under the true kid"
        yield name, it.with_header(it.header, other.sign), BAD_SIGNATURE
    header, payload, signature_part = it.token().split(".")
    altered = encode(text_of({**it.payload, "iss": "https://evil.test"}))
    yield "payload changed after signing", f"{header}.{altered}.{signature_part}", BAD_SIGNATURE
    yield "payload removed after signing", f"{header}..{signature_part}", BAD_SIGNATURE
    yield "signature stripped with its dot", f"{header}.{payload}", MALFORMED
    yield "signature stripped", f"{header}.{payload}.", BAD_SIGNATURE
    yield "signature alone", f"..{signature_part}", MALFORMED
    yield "parts in another order", f"{payload}.{header}.{signature_part}", MALFORMED


def _encodings(it: Original) -> Iterator[tuple[str, str, str]]:
    token = it.token()
    header, payload, signature = token.split(".")
    flattened = {"protected": header, "payload": payload, "signature": signature}
    spellings = {
        "an empty token": "",
        "two dots alone": "..",
        "a space in front": f" {token}",
        "a line break at the end": f"{token}\n",
        "a space inside": f"{header}.{payload[:8]} {payload[8:]}.{signature}",
        "a line break inside the signature": f"{header}.{payload}.{signature[:8]}\n{signature[8:]}",
        "padding": f"{header}.{payload}.{signature}==",
        "padding on the header": f"{header}=.{payload}.{signature}",
        "a percent-encoded padding": f"{token}%3D",
        "a foreign character": f"{header}.{payload}.{signature}!",
        "the standard alphabet": f"{header}.{payload}.{_standard(signature)}",
        "spare bits set": f"{header}.{payload}.{_with_spare_bits(signature)}",
        "a single character too many": f"{token}{'A' * ((1 - len(signature)) % 4)}",
        "a letter beyond ASCII": f"{header}.{payload}.{signature[:-1]}\u00e9",
        "fullwidth dots": f"{header}\uff0e{payload}\uff0e{signature}",
        "a look-alike letter": f"{header}.{payload}.{signature[:-1]}\u0410",
        "a lone surrogate": f"{token}\ud800",
        "a byte order mark": f"\ufeff{token}",
        "a soft hyphen inside": f"{header}.{payload[:8]}\u00ad{payload[8:]}.{signature}",
        "a percent-encoded letter": f"%65{token[1:]}",
        "a comma and another": f"{token},{token}",
        "a fullwidth letter": f"{header}.{payload}.{signature[:-1]}\uff21",
        "NUL at the end": f"{token}\x00",
        "a fourth part": f"{token}.AAAA",
        "five parts like JWE": f"{header}.AAAA.AAAA.{payload}.{signature}",
        "a Bearer prefix": f"Bearer {token}",
        "JSON serialization": json.dumps(flattened),
        "40,000 characters": f"{header}.{payload}{'A' * 40_000}.{signature}",
        "40,000 dots": "." * 40_000,
    }
    for name, text in spellings.items():
        yield name, text, MALFORMED


def _standard(text: str) -> str:
    standard = text.replace("-", "+").replace("_", "/")
    return standard if standard != text else f"+{text[1:]}"


def _with_spare_bits(text: str) -> str:
    """Set the lowest bit of the last character, which no byte uses."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + alphabet[alphabet.index(text[-1]) ^ 1]
