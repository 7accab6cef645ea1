"""The license token: this device may run until `exp`.

A compact JWS with the header `{"alg":"Ed25519","kid":<signer>,"typ":"lic+jwt"}`, signed by a key
that a delegation names.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from coditect_license_token import _shape, _time, jws, strict_base64, strict_json
from coditect_license_token.algorithms import Algorithm
from coditect_license_token.delegation import LICENSE_TYPE, Delegation
from coditect_license_token.errors import MalformedDocument, NotInForce, UnknownKey, WrongPurpose
from coditect_license_token.signer import Signer, require_algorithm

_BINDING_BYTES = 16
_BINDING = re.compile(r"[A-Za-z0-9_-]{21}[AQgw]")  # the last character has two bits to give
FIELD_OF_CLAIM = {
    "iss": "issuer",
    "aud": "audience",
    "iat": "issued_at",
    "exp": "expires",
    "jti": "session_id",
    "tenant_id": "tenant_id",
    "license_id": "license_id",
    "tier": "tier",
    "entitlements": "entitlements",
    "hwb": "hardware_binding",
    "gen": "gen",
    "seq": "seq",
    "expires_at": "license_expires_at",
    "nonce": "nonce",
}
_OPTIONAL = frozenset({"nonce"})
_REQUIRED = frozenset(FIELD_OF_CLAIM) - _OPTIONAL


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenseToken:
    """The claims of a license token. Times are seconds since the epoch.

    `gen` counts the seat's holders, `seq` the tokens signed for the session. `hardware_binding` is
    made by the function of that name. `license_expires_at` is the license's end (RFC 3339, UTC, six
    decimals), not the lease's. The claim name `cnf` is reserved for a device key: version 1 has
    none. Raises MalformedDocument when a value has not the shape of docs/token-format.md.
    """

    issuer: str
    audience: str
    issued_at: int
    expires: int
    session_id: str
    tenant_id: str
    license_id: str
    tier: str
    entitlements: tuple[str, ...]
    hardware_binding: str
    gen: int
    seq: int
    license_expires_at: str
    nonce: str | None = None

    def __post_init__(self) -> None:
        _shape.require_text(self.issuer, "iss")
        _shape.require_text(self.audience, "aud")
        _shape.require_text(self.session_id, "jti")
        _shape.require_text(self.tenant_id, "tenant_id")
        _shape.require_text(self.license_id, "license_id")
        _shape.require_text(self.tier, "tier")
        _shape.require_integer(self.issued_at, "iat")
        _shape.require_integer(self.expires, "exp")
        _shape.require_integer(self.gen, "gen")
        _shape.require_integer(self.seq, "seq")
        if self.nonce is not None:
            _shape.require_text(self.nonce, "nonce")
        _shape.require_text_tuple(self.entitlements, "entitlements")
        _shape.require_utc(self.license_expires_at, "expires_at")
        _require_binding(self.hardware_binding)
        if self.expires <= self.issued_at:
            raise MalformedDocument("a token that ends before it begins")

    @property
    def license_end(self) -> datetime:
        """The license's end as an aware UTC datetime."""
        return _shape.require_utc(self.license_expires_at, "expires_at")


def hardware_binding(license_id: str, hardware_id: str) -> str:
    """Bind a device to a license without naming the device.

    The result is base64url of the first 16 bytes of HMAC-SHA256 with the license id as key: 22
    characters that tell two licenses nothing about a shared device. Both arguments are 1 to 256
    printable ASCII characters; raises MalformedDocument otherwise.
    """
    key = _shape.require_text(license_id, "license_id").encode("ascii")
    message = _shape.require_text(hardware_id, "hardware_id").encode("ascii")
    # hmac.digest would let go of the interpreter lock, and a busy server waits to get it back.
    digest = hmac.new(key, message, hashlib.sha256).digest()
    return strict_base64.encode_url(digest[:_BINDING_BYTES])


def seal_license_token(claims: LicenseToken, *, signer: Signer) -> str:
    """Sign the claims and return the compact JWS.

    Raises UnknownKey when the signer is not Ed25519, MalformedDocument when the token would be
    longer than 8 KiB. Does not check the claims against the signer's delegation: a verifier does.
    """
    require_algorithm(signer, Algorithm.ED25519)
    signed = jws.signing_input(LICENSE_TYPE, Algorithm.ED25519, signer.key_id, _payload(claims))
    return jws.attach(signed, signer.sign(signed), Algorithm.ED25519)


def open_license_token(
    token: str,
    *,
    delegation: Delegation,
    now: int | None,
    audience: str | None = None,
    issuer: str | None = None,
    hardware_id: str | None = None,
    nonce: str | None = None,
    tenant_id: str | None = None,
    license_id: str | None = None,
    leeway_seconds: int = _time.START_LEEWAY_SECONDS,
) -> LicenseToken:
    """Verify a license token under an opened delegation.

    `now` is in seconds since the epoch; None skips only the comparison with the present. `iat` may
    lie `leeway_seconds` ahead of `now`; `exp` gets no leeway. Each expectation that is given is
    compared (WrongPurpose). Raises MalformedDocument, WrongPurpose, BadSignature, UnknownKey,
    NotInForce. Does not check that `seq` grows: the caller keeps the last one.
    """
    claims = _verified_claims(token, delegation)
    _require_expected(claims, issuer=delegation.issuer)
    _require_expected(
        claims,
        audience=audience,
        issuer=issuer,
        nonce=nonce,
        tenant_id=tenant_id,
        license_id=license_id,
    )
    _require_device(claims, hardware_id)
    _require_delegated(claims, delegation)
    if now is not None:
        _time.require_in_force(
            now=now, starts=claims.issued_at, ends=claims.expires, leeway_seconds=leeway_seconds
        )
    return claims


def _payload(claims: LicenseToken) -> dict[str, object]:
    return {
        claim: value
        for claim, field in FIELD_OF_CLAIM.items()
        if (value := getattr(claims, field)) is not None
    }


def _verified_claims(token: str, delegation: Delegation) -> LicenseToken:
    parsed = jws.parse(token)
    key_id = jws.require_header(parsed.header, LICENSE_TYPE, Algorithm.ED25519)
    if key_id != delegation.key.key_id:
        raise UnknownKey("signed by another key than the delegation's")
    delegation.key.verify(parsed.signing_input, parsed.signature)
    return _from_payload(strict_json.decode_object(parsed.payload))


def _from_payload(payload: Mapping[str, Any]) -> LicenseToken:
    _shape.require_members(payload, _REQUIRED, _OPTIONAL)
    if "nonce" in payload:
        _shape.require_text(payload["nonce"], "nonce")
    fields = {FIELD_OF_CLAIM[claim]: value for claim, value in payload.items()}
    fields["entitlements"] = _shape.require_texts(payload["entitlements"], "entitlements")
    return LicenseToken(**fields)


def _require_delegated(claims: LicenseToken, delegation: Delegation) -> None:
    if claims.issued_at < delegation.not_before or claims.expires > delegation.expires:
        raise NotInForce("outside the delegation's life")
    if claims.expires - claims.issued_at > delegation.max_lease_seconds:
        raise NotInForce("a longer lease than was delegated")
    if not delegation.covers(claims.tier):
        raise NotInForce("a tier that was not delegated")


def _require_expected(claims: LicenseToken, **expected: str | None) -> None:
    for name, value in expected.items():
        if value is not None and getattr(claims, name) != value:
            raise WrongPurpose(f"issued for another {name}")


def _require_device(claims: LicenseToken, hardware_id: str | None) -> None:
    if hardware_id is None:
        return
    if claims.hardware_binding != hardware_binding(claims.license_id, hardware_id):
        raise WrongPurpose("issued for another device")


def _require_binding(value: object) -> None:
    if not isinstance(value, str) or _BINDING.fullmatch(value) is None:
        raise MalformedDocument(f"hwb is not {_BINDING_BYTES} bytes as base64url")
