"""Makes documents, true and false, without the package's own strictness."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from coditect_license_token.testing import InMemorySigner

Case = dict[str, Any]
Sign = Callable[[bytes], bytes]

KEYS = Path(__file__).parent / "keys"
MALFORMED, UNKNOWN_KEY, BAD_SIGNATURE, WRONG_PURPOSE, NOT_IN_FORCE = (
    "MalformedDocument",
    "UnknownKey",
    "BadSignature",
    "WrongPurpose",
    "NotInForce",
)
VALID = "valid"


def load_key(name: str) -> InMemorySigner:
    """Load one of the private test keys of `keys/`."""
    return InMemorySigner.from_pem((KEYS / f"{name}.test-key.pem").read_bytes())


ROOT = load_key("root")
OTHER_ROOT = load_key("other-root")
SIGNER = load_key("signer")
OTHER_SIGNER = load_key("other-signer")
ROOT_NUMBERS = cast(
    "RSAPrivateKey",
    load_pem_private_key((KEYS / "root.test-key.pem").read_bytes(), password=None),
).private_numbers()
PUBLIC_KEYS = {
    name: {"key_id": key.key_id, "pem": key.public_key.pem()}
    for name, key in {
        "root": ROOT,
        "other-root": OTHER_ROOT,
        "signer": SIGNER,
        "other-signer": OTHER_SIGNER,
    }.items()
}


def encode(data: bytes) -> str:
    """Encode bytes as base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def text_of(value: object) -> bytes:
    """Give bytes as they are and anything else as compact sorted JSON."""
    if isinstance(value, bytes):
        return value
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")


def compact(header: object, payload: object, sign: Sign) -> str:
    """Join header, payload and signature, whatever they are."""
    signed = f"{encode(text_of(header))}.{encode(text_of(payload))}"
    return f"{signed}.{encode(sign(signed.encode('ascii')))}"


def hmac_with(secret: bytes) -> Sign:
    """Sign as HS256 does, with a secret."""
    return lambda message: hmac.digest(secret, message, hashlib.sha256)


def unsigned(_message: bytes) -> bytes:
    """Sign as `none` does: not at all."""
    return b""


def without(members: dict[str, Any], name: str) -> dict[str, Any]:
    """Copy an object without one member."""
    return {key: value for key, value in members.items() if key != name}


def spelled(members: dict[str, Any], name: str, spelling: str) -> bytes:
    """Write an object with one member's value spelled as given, not as JSON."""
    mark = "THE-VALUE"
    return text_of({**members, name: mark}).replace(f'"{mark}"'.encode(), spelling.encode())


def changed(
    members: dict[str, Any], name: str, values: dict[str, object]
) -> Iterator[tuple[str, bytes]]:
    """Give the object once for each value, with that value for the member."""
    for what, value in values.items():
        yield f"{name} {what}", text_of({**members, name: value})
