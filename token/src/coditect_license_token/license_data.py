"""The license data: the root's own statement that a session holds a seat, as one flat JSON object.

Signed are the canonical bytes of all members except `signature` and `signature_algorithm`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from coditect_license_token import _shape, strict_base64, strict_json
from coditect_license_token.algorithms import RSA_SIGN_PKCS1_4096_SHA256, Algorithm
from coditect_license_token.errors import (
    BadSignature,
    MalformedDocument,
    NotInForce,
    WrongPurpose,
)
from coditect_license_token.roots import Roots

MAX_DOCUMENT_BYTES = 8192
_UNSIGNED = frozenset({"signature", "signature_algorithm"})
_MEMBERS = (
    "license_key",
    "session_id",
    "tier",
    "expires_at",
    "signed_at",
    "hardware_id",
    "lease_expires_at",
    "key_id",
)
_SIGNED = frozenset(_MEMBERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenseData:
    """The signed members. `expires_at` is the license's end, `lease_expires_at` the lease's.

    Every value is 1 to 256 printable ASCII characters; times are RFC 3339 in UTC with six decimals
    and `+00:00`; `key_id` is the root's thumbprint. Raises MalformedDocument otherwise.
    """

    license_key: str
    session_id: str
    tier: str
    expires_at: str
    signed_at: str
    hardware_id: str
    lease_expires_at: str
    key_id: str

    def __post_init__(self) -> None:
        for name in _MEMBERS:
            _shape.require_text(getattr(self, name), name)
        for name in ("expires_at", "signed_at", "lease_expires_at"):
            _shape.require_utc(getattr(self, name), name)

    @property
    def lease_end(self) -> datetime:
        """The lease's end as an aware UTC datetime."""
        return datetime.fromisoformat(self.lease_expires_at)

    @property
    def license_end(self) -> datetime:
        """The license's end as an aware UTC datetime."""
        return datetime.fromisoformat(self.expires_at)

    def signed_bytes(self) -> bytes:
        """Give the exact bytes the root signs.

        `json.dumps(…, sort_keys=True, separators=(",", ":"))` of the eight members; for printable
        ASCII these are the bytes of RFC 8785 too.
        """
        return strict_json.encode(self._members())

    def with_signature(self, signature: bytes) -> dict[str, str]:
        """Give the whole document: the eight members and the signature.

        Raises MalformedDocument when the signature is not 512 bytes. Does not verify it.
        """
        return {
            **self._members(),
            "signature": strict_base64.encode_standard(_require_length(signature)),
            "signature_algorithm": RSA_SIGN_PKCS1_4096_SHA256,
        }

    def _members(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in _MEMBERS}


def open_license_data(
    document: bytes | str | Mapping[str, object],
    *,
    roots: Roots,
    now: datetime | None = None,
    hardware_id: str | None = None,
) -> LicenseData:
    """Verify license data, as JSON or as an object already parsed.

    `now` (aware) is compared with the lease's end, `hardware_id` with the device, each only when
    given. JSON is at most 8 KiB. A mapping cannot show duplicate members any more: pass the bytes
    where they are at hand. Raises MalformedDocument, BadSignature, UnknownKey, NotInForce,
    WrongPurpose. Does not compare `expires_at` with `now`.
    """
    members = document if isinstance(document, Mapping) else _decode(document)
    _shape.require_members(members, _SIGNED | _UNSIGNED)
    data = LicenseData(**{name: _shape.require_text(members[name], name) for name in _MEMBERS})
    signature = _decode_signature(members["signature"])
    if members["signature_algorithm"] != RSA_SIGN_PKCS1_4096_SHA256:
        raise BadSignature(f"not signed with {RSA_SIGN_PKCS1_4096_SHA256}")
    roots.find(data.key_id).verify(data.signed_bytes(), signature)
    if hardware_id is not None and data.hardware_id != hardware_id:
        raise WrongPurpose("granted to another device")
    if now is not None and now >= data.lease_end:
        raise NotInForce("the lease has ended")
    return data


def _decode(document: bytes | str) -> Mapping[str, object]:
    data = document.encode("utf-8", "surrogatepass") if isinstance(document, str) else document
    if len(data) > MAX_DOCUMENT_BYTES:
        raise MalformedDocument(f"a document of more than {MAX_DOCUMENT_BYTES} bytes")
    return strict_json.decode_object(data)


def _decode_signature(value: object) -> bytes:
    if not isinstance(value, str):
        raise MalformedDocument("signature is not a text")
    return _require_length(strict_base64.decode_standard(value))


def _require_length(signature: bytes) -> bytes:
    if len(signature) != Algorithm.RS256.signature_bytes:
        raise MalformedDocument("a signature that is not 512 bytes")
    return signature
