"""Compact JWS (RFC 7515, section 7.1), read strictly.

What makes JOSE dangerous is a header that may choose: the algorithm, the key, a critical extension.
Here the header must equal a constant, so it chooses nothing. The payload is parsed only after its
signature was verified.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from coditect_license_token import _shape, strict_base64, strict_json
from coditect_license_token.algorithms import Algorithm
from coditect_license_token.errors import (
    BadSignature,
    MalformedDocument,
    WrongPurpose,
)

MAX_TOKEN_BYTES = 8192
_HEADER_MEMBERS = frozenset({"alg", "kid", "typ"})


class CompactJws(NamedTuple):
    """The parts of a compact JWS. Parsed, and not yet verified: never hand it to a caller."""

    header: dict[str, Any]
    payload: bytes
    signing_input: bytes
    signature: bytes


def parse(token: object, *, max_bytes: int = MAX_TOKEN_BYTES) -> CompactJws:
    """Take a compact JWS apart.

    Raises MalformedDocument unless it is text of three canonical base64url parts with a JSON object
    in front, within the size. Does not look at what the header says, and verifies nothing.
    """
    if not isinstance(token, str) or not token.isascii() or len(token) > max_bytes:
        raise MalformedDocument(f"not a token of at most {max_bytes} ASCII characters")
    parts = token.split(".")
    if len(parts) != 3:
        raise MalformedDocument("not three parts between two dots")
    header, payload, signature = (strict_base64.decode_url(part) for part in parts)
    signing_input = token.rpartition(".")[0].encode("ascii")
    return CompactJws(strict_json.decode_object(header), payload, signing_input, signature)


def require_header(header: Mapping[str, object], typ: str, algorithm: Algorithm) -> str:
    """Return the key id of a header that is otherwise a constant.

    Raises MalformedDocument for missing or further members (`jwk`, `jku`, `x5c`, `crit`, `b64`
    among them), WrongPurpose for another `typ`, BadSignature for another `alg`.
    """
    _shape.require_members(header, _HEADER_MEMBERS)
    key_id = _shape.require_text(header["kid"], "kid")
    if header["typ"] != typ:
        raise WrongPurpose(f"not a document of the type {typ}")
    if header["alg"] != algorithm.value:
        raise BadSignature(f"not signed with {algorithm.value}")
    return key_id


def signing_input(
    typ: str, algorithm: Algorithm, key_id: str, payload: Mapping[str, object]
) -> bytes:
    """Give the exact bytes to sign: header and payload, both base64url."""
    body = strict_base64.encode_url(strict_json.encode(payload))
    return f"{_header(typ, algorithm, key_id)}.{body}".encode("ascii")


@lru_cache(maxsize=64)
def _header(typ: str, algorithm: Algorithm, key_id: str) -> str:
    header = {"alg": algorithm.value, "kid": key_id, "typ": typ}
    return strict_base64.encode_url(strict_json.encode(header))


def attach(
    signed: bytes, signature: bytes, algorithm: Algorithm, *, max_bytes: int = MAX_TOKEN_BYTES
) -> str:
    """Join the signed bytes and their signature into a token.

    Raises MalformedDocument when the signature is not of the algorithm's length, or the token
    would be longer than a verifier takes. Does not verify the signature.
    """
    if len(signature) != algorithm.signature_bytes:
        raise MalformedDocument(f"a signature that is not {algorithm.signature_bytes} bytes")
    token = f"{signed.decode('ascii')}.{strict_base64.encode_url(signature)}"
    if len(token) > max_bytes:
        raise MalformedDocument(f"a token of more than {max_bytes} characters")
    return token
