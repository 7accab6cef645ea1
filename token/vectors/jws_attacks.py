"""What can be wrong with a compact JWS before anyone reads its payload."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from coditect_license_token.testing import InMemorySigner

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

_ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493


class Original(NamedTuple):
    """The valid document that the attacks start from."""

    header: dict[str, Any]
    payload: dict[str, Any]
    key: InMemorySigner

    def token(self) -> str:
        """Give the valid document."""
        return compact(self.header, self.payload, self.key.sign)

    def signature(self) -> bytes:
        """Give the valid document's signature."""
        return self.key.sign(self.token().rpartition(".")[0].encode())

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
    }
    header = {**it.header, "alg": "HS256"}
    for what, secret in secrets.items():
        name = f"alg HS256 with the public key's {what} as secret"
        yield name, it.with_header(header, hmac_with(secret)), BAD_SIGNATURE
    yield "alg HS256 with an empty secret", it.with_header(header, hmac_with(b"")), BAD_SIGNATURE
    for spelling in ("EdDSA", "RS384", "PS256", "ES256", "HS512", "rs256", "ed25519", ""):
        token = it.with_header({**it.header, "alg": spelling})
        yield f"alg {spelling!r}", token, BAD_SIGNATURE
    token = it.with_header(it.header, hmac_with(pem.encode()))
    yield "the true alg over an HMAC with the public key", token, BAD_SIGNATURE


def _key_ids(it: Original) -> Iterator[tuple[str, str, str]]:
    for spelling in ("../../dev/null", "x' OR '1'='1", "https://evil.test/jwks.json", "*"):
        yield f"kid {spelling}", it.with_header({**it.header, "kid": spelling}), UNKNOWN_KEY
    longer = {**it.header, "kid": it.key.key_id + "A"}
    yield "kid with one character more", it.with_header(longer), UNKNOWN_KEY
    for other in (OTHER_ROOT, OTHER_SIGNER):
        token = compact({**it.header, "kid": other.key_id}, it.payload, other.sign)
        yield f"another {other.algorithm.value} key under its own kid", token, UNKNOWN_KEY
    for what, value in {"empty": "", "with NUL": "a\x00", "null": None, "a number": 1}.items():
        yield f"kid {what}", it.with_header({**it.header, "kid": value}), MALFORMED


def _types(it: Original) -> Iterator[tuple[str, str, str]]:
    own = it.header["typ"]
    others = {"lic+jwt", "lic-deleg+jwt", "lic-keys+jwt", "at+jwt", "JWT"} - {own}
    for typ in (*sorted(others), own.upper(), f"application/{own}", f"{own} ", "", None, [own]):
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
        "zip": "DEF",
        "cty": "JWT",
        "enc": "A256GCM",
    }
    for name, value in extra.items():
        yield f"header with {name}", it.with_header({**it.header, name: value}), MALFORMED
    for name in it.header:
        yield f"header without {name}", it.with_header(without(it.header, name)), MALFORMED
        twice = text_of(it.header)[:-1] + b"," + text_of({name: it.header[name]})[1:]
        yield f"header with {name} twice", it.with_header(twice), MALFORMED
    good = text_of(it.header)
    shapes = {
        "empty": b"",
        "an empty object": b"{}",
        "an array": b"[" + good + b"]",
        "a string": b'"alg"',
        "not UTF-8": good.replace(b"lic", b"l\xffc"),
        "followed by more": good + b"{}",
        "nested 1000 deep": b'{"a":' * 1000 + b"1" + b"}" * 1000,
    }
    for what, header in shapes.items():
        yield f"header {what}", it.with_header(header), MALFORMED


def _signatures(it: Original) -> Iterator[tuple[str, str, str]]:
    good = it.signature()
    flipped = bytes([good[0] ^ 1]) + good[1:]
    shapes = {
        "empty": b"",
        "one byte short": good[:-1],
        "one byte long": good + b"\x00",
        "with one bit flipped": flipped,
        "all zero": bytes(len(good)),
        "all ones": b"\xff" * len(good),
        "twice": good + good,
        "with a zero byte in front": b"\x00" + good,
        "of another document": it.key.sign(b"another document"),
    }
    if len(good) == 64:
        scalar = int.from_bytes(good[32:], "little") + _ED25519_ORDER
        shapes["with S plus the group order"] = good[:32] + scalar.to_bytes(32, "little")
    for what, signature in shapes.items():
        signed = it.token().rpartition(".")[0]
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
