"""A bearer token taken apart, before anything in it may be believed.

The strict reading is the token package's own, so one text has one meaning at every door: canonical
base64url, no duplicate members, no floats, no depth. On top of it stands what RFC 8725 asks of an
access token: a header that can choose neither the key's place nor an extension, and a type that is
never that of one of our own documents.
"""

from dataclasses import dataclass
from typing import Any, Final

from coditect_license_token import MalformedDocument, jws, strict_json
from identity.errors import InvalidCredential

ACCESS_TOKEN_TYPES: Final = frozenset({"JWT", "at+jwt"})
_REQUIRED_MEMBERS: Final = frozenset({"alg", "kid"})
# Thumbprints of certificates name a key and choose nothing; some issuers send them.
_OPTIONAL_MEMBERS: Final = frozenset({"typ", "x5t", "x5t#S256"})


@dataclass(frozen=True, slots=True)
class BearerToken:
    """What a token says about itself. Nothing of it is verified: never hand it to a caller."""

    text: str
    algorithm: str
    key_id: str
    claims: dict[str, Any]


def parse_bearer(text: str) -> BearerToken:
    """Return the parts of a compact JWS of at most 8 KiB whose header is acceptable.

    Raises InvalidCredential. Does not verify the signature and looks at no claim.
    Source: RFC 7515, RFC 8725 sections 3.1, 3.10 and 3.11, RFC 9068 section 4.
    """
    try:
        parts = jws.parse(text)
        claims = strict_json.decode_object(parts.payload)
    except MalformedDocument as error:
        raise InvalidCredential(f"malformed: {error}") from error
    _require_header(parts.header)
    return BearerToken(text, parts.header["alg"], parts.header["kid"], claims)


def _require_header(header: dict[str, Any]) -> None:
    names = header.keys()
    if not names >= _REQUIRED_MEMBERS or not names <= _REQUIRED_MEMBERS | _OPTIONAL_MEMBERS:
        raise InvalidCredential("a header with members missing, or with one that is refused")
    if not all(isinstance(value, str) for value in header.values()):
        raise InvalidCredential("a header member that is no text")
    if header.get("typ", "JWT") not in ACCESS_TOKEN_TYPES:
        raise InvalidCredential("a document of another type than an access token")
