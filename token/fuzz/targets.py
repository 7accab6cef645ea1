"""What is fuzzed: bytes in; out comes a TokenError, or a value that says just what the bytes said.

A fuzzer cannot sign. So the targets of single documents get a payload, and a key that takes every
signature: what is fuzzed is the reading behind a signature. The target `sealed` gets whole
documents under the true keys, and takes nothing but what was sealed.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from coditect_license_token import (
    Algorithm,
    Delegation,
    MalformedDocument,
    PublicKey,
    Roots,
    TokenError,
    delegation,
    jws,
    keyset,
    license_data,
    license_token,
    open_delegation,
    open_keyset,
    open_license_data,
    open_license_token,
    open_revocations,
    revocations,
    strict_base64,
    strict_json,
)

VECTORS: Final = Path(__file__).parents[1] / "vectors"
Target = Callable[[bytes], None]


@dataclass(frozen=True)
class TakesAll:
    """A key that takes every signature, under the one name it has."""

    key_id: str = "fuzz"
    algorithm: Algorithm = Algorithm.ED25519

    def verify(self, message: bytes, signature: bytes) -> None:
        """Return, whatever is given."""


class TakesAllRoots(Roots):
    """Roots of which each is there, and takes every signature."""

    def find(self, key_id: str) -> PublicKey:
        """Return the root of that id."""
        return cast("PublicKey", TakesAll(key_id, Algorithm.RS256))


_ROOTS: Final = TakesAllRoots()
_LONG: Final = Delegation(
    issuer="https://licenses.example.test",
    key=cast("PublicKey", TakesAll()),
    not_before=1_767_000_000 - 3_600,
    expires=1_767_000_000 + 82_800,
    max_lease_seconds=43_200,
    tiers=("*",),
)


def base64(data: bytes) -> None:
    """Either alphabet: what is decoded is spelled in one way."""
    text = data.decode("latin-1")
    for decode, encode in (
        (strict_base64.decode_url, strict_base64.encode_url),
        (strict_base64.decode_standard, strict_base64.encode_standard),
    ):
        try:
            decoded = decode(text)
        except MalformedDocument:
            continue
        assert encode(decoded) == text


def strict(data: bytes) -> None:
    """JSON: what is read is what the standard library reads, and has one canonical spelling."""
    try:
        value = strict_json.decode_object(data)
    except MalformedDocument:
        return
    canonical = strict_json.encode(value)
    assert _pairs(value) == json.loads(data, object_pairs_hook=list)
    assert strict_json.encode(strict_json.decode_object(canonical)) == canonical


def _pairs(value: Any) -> Any:
    """Give objects as lists of their members, of which none can hide another."""
    if isinstance(value, dict):
        return [(name, _pairs(held)) for name, held in value.items()]
    return [_pairs(held) for held in value] if isinstance(value, list) else value


def compact(data: bytes) -> None:
    """A compact JWS: its parts, encoded again, are the same text."""
    text = data.decode("utf-8", "surrogateescape")
    try:
        parsed = jws.parse(text)
    except MalformedDocument:
        return
    header, payload, signature = text.split(".")
    assert strict_json.decode_object(strict_base64.decode_url(header)) == parsed.header
    assert strict_base64.encode_url(parsed.payload) == payload
    assert strict_base64.encode_url(parsed.signature) == signature
    assert parsed.signing_input == f"{header}.{payload}".encode()


def data_document(data: bytes) -> None:
    """License data: what is opened, sealed again, has the same members."""
    try:
        opened = open_license_data(data, roots=_ROOTS)
    except TokenError:
        return
    document = json.loads(data)
    signature = strict_base64.decode_standard(document["signature"])
    assert opened.with_signature(signature) == document
    assert license_data.LicenseData(**json.loads(opened.signed_bytes())) == opened


def _reads(
    payload: bytes, typ: str, algorithm: Algorithm, open_it: Callable[[str], Any], seal: Any
) -> None:
    header = strict_json.encode({"alg": algorithm.value, "kid": "fuzz", "typ": typ})
    parts = (header, payload, bytes(algorithm.signature_bytes))
    try:
        opened = open_it(".".join(map(strict_base64.encode_url, parts)))
    except TokenError:
        return
    again = strict_json.encode(seal(opened))
    assert _unlabelled(strict_json.decode_object(payload)) == _unlabelled(json.loads(again))
    if (
        strict_json.encode(strict_json.decode_object(payload)) == payload
        and b'"jwk"' not in payload
    ):
        assert again == payload or b'"keys"' in payload


def _unlabelled(value: Any) -> Any:
    """Leave out the labels of keys, which may be absent and are always written."""
    if isinstance(value, dict):
        labels = {"kid", "alg", "use", "key_ops"}
        return {name: _unlabelled(held) for name, held in value.items() if name not in labels}
    return [_unlabelled(held) for held in value] if isinstance(value, list) else value


def token_payload(data: bytes) -> None:
    """The claims of a license token, behind a signature."""
    _reads(
        data,
        "lic+jwt",
        Algorithm.ED25519,
        lambda token: open_license_token(token, delegation=_LONG, now=None),
        license_token._payload,
    )


def delegation_payload(data: bytes) -> None:
    """The claims of a delegation, behind a signature."""
    _reads(
        data,
        "lic-deleg+jwt",
        Algorithm.RS256,
        lambda token: open_delegation(token, roots=_ROOTS, now=None),
        delegation._payload,
    )


def keyset_payload(data: bytes) -> None:
    """The claims of a key set, behind a signature."""
    _reads(
        data,
        "lic-keys+jwt",
        Algorithm.RS256,
        lambda token: open_keyset(token, roots=_ROOTS, now=1_767_000_000),
        keyset._payload,
    )


def revocations_payload(data: bytes) -> None:
    """The claims of a revocation list, behind a signature."""
    _reads(
        data,
        "lic-revoked+jwt",
        Algorithm.RS256,
        lambda token: open_revocations(token, roots=_ROOTS, now=None),
        revocations._payload,
    )


@dataclass(frozen=True)
class Sealed:
    """A true document, and how it is opened with the true keys."""

    document: bytes
    open: Callable[[bytes], object]

    def holds(self, document: bytes) -> bool:
        """Tell whether a document is refused, or says the same as the true one."""
        try:
            return self.open(document) == self.open(self.document)
        except TokenError:
            return True


def _text(document: bytes) -> str:
    return document.decode("utf-8", "surrogateescape")


def _first(kind: str) -> Any:
    return json.loads((VECTORS / f"{kind}.json").read_text())["cases"][0]


def sealed_documents() -> dict[str, Sealed]:
    """Give the first vector of each kind with the keys of the vectors."""
    tokens = json.loads((VECTORS / "license_token.json").read_text())
    roots = Roots([PublicKey.from_pem(tokens["keys"]["root"]["pem"])])
    usual = open_delegation(tokens["delegations"]["usual"], roots=roots, now=None)
    now = 1_767_000_000
    return {
        "license_token": Sealed(
            _first("license_token")["token"].encode(),
            lambda it: open_license_token(_text(it), delegation=usual, now=now),
        ),
        "delegation": Sealed(
            _first("delegation")["token"].encode(),
            lambda it: open_delegation(_text(it), roots=roots, now=now),
        ),
        "keyset": Sealed(
            _first("keyset")["token"].encode(),
            lambda it: open_keyset(_text(it), roots=roots, now=now),
        ),
        "revocations": Sealed(
            _first("revocations")["token"].encode(),
            lambda it: open_revocations(_text(it), roots=roots, now=now),
        ),
        "license_data": Sealed(
            _first("license_data")["document"].encode(),
            lambda it: open_license_data(it, roots=roots),
        ),
    }


_SEALED: Final = sealed_documents()


def sealed(data: bytes) -> None:
    """Whole documents under the true keys: nothing opens to anything but what was sealed."""
    assert all(one.holds(data) for one in _SEALED.values())


def _cases(kind: str) -> Iterator[bytes]:
    for case in json.loads((VECTORS / f"{kind}.json").read_text())["cases"]:
        yield (case.get("token") or case.get("document") or "").encode("utf-8", "surrogatepass")


def _payloads(kind: str) -> Iterator[bytes]:
    for token in _cases(kind):
        try:
            yield jws.parse(_text(token), max_bytes=keyset.MAX_KEY_SET_BYTES).payload
        except TokenError:
            continue


def seeds(target: str) -> Iterator[bytes]:
    """Give what a target starts from: the vectors, good and false, taken apart as it needs."""
    kinds = ("license_token", "delegation", "keyset", "revocations")
    if target == "sealed":
        yield from (one.document for one in _SEALED.values())
    elif target in {"base64", "compact"}:
        yield from (token for kind in kinds for token in _cases(kind))
        yield from _cases("license_data")
    elif target == "strict":
        yield from (payload for kind in kinds for payload in _payloads(kind))
    else:
        yield from _cases(target) if target == "license_data" else _payloads(target)


TARGETS: Final[dict[str, Target]] = {
    "base64": base64,
    "strict": strict,
    "compact": compact,
    "license_data": data_document,
    "license_token": token_payload,
    "delegation": delegation_payload,
    "keyset": keyset_payload,
    "revocations": revocations_payload,
    "sealed": sealed,
}
