"""The delegation: the root lets an Ed25519 key sign license tokens for at most a day.

A compact JWS with the header `{"alg":"RS256","kid":<root>,"typ":"lic-deleg+jwt"}`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from coditect_license_token import _shape, _time, jws, strict_json
from coditect_license_token.algorithms import Algorithm
from coditect_license_token.errors import MalformedDocument, WrongPurpose
from coditect_license_token.public_key import PublicKey
from coditect_license_token.roots import Roots
from coditect_license_token.signer import Signer, require_algorithm

DELEGATION_TYPE: Final = "lic-deleg+jwt"
LICENSE_TYPE: Final = "lic+jwt"
MAX_DELEGATION_SECONDS: Final = 86_400
EVERY_TIER: Final = "*"
_MEMBERS = frozenset({"iss", "sub", "jwk", "nbf", "exp", "max_lease_s", "tiers", "fmt"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """What the root allows one signing key. Times are seconds since the epoch.

    `expires - not_before` is at most 24 hours, `max_lease_seconds` at most half of it: a token
    signed in the first half of the delegation's life can always have its full length.
    """

    issuer: str
    key: PublicKey
    not_before: int
    expires: int
    max_lease_seconds: int
    tiers: tuple[str, ...]
    formats: tuple[str, ...] = (LICENSE_TYPE,)

    def __post_init__(self) -> None:
        _shape.require_text(self.issuer, "iss")
        _require_signing_key(self.key)
        _require_limits(self.not_before, self.expires, self.max_lease_seconds)
        if not _shape.require_text_tuple(self.tiers, "tiers"):
            raise MalformedDocument("a delegation for no tier")
        if self.formats != (LICENSE_TYPE,):
            raise MalformedDocument("a delegation for other documents than license tokens")

    def covers(self, tier: str) -> bool:
        """Say whether tokens of the tier may be signed."""
        return tier in self.tiers or EVERY_TIER in self.tiers

    def signing_input(self, root_key_id: str) -> bytes:
        """Give the exact bytes the root has to sign with RS256."""
        return jws.signing_input(DELEGATION_TYPE, Algorithm.RS256, root_key_id, _payload(self))

    def attach(self, root_key_id: str, signature: bytes) -> str:
        """Make the delegation from the root's signature of `signing_input`.

        Raises MalformedDocument when the signature is not 512 bytes. Does not verify it.
        """
        return jws.attach(self.signing_input(root_key_id), signature, Algorithm.RS256)


def seal_delegation(delegation: Delegation, *, root: Signer) -> str:
    """Sign a delegation with the root and return the compact JWS.

    Blocks for as long as the root takes; `signing_input` and `attach` are its two halves. Raises
    UnknownKey when the root is not RS256.
    """
    require_algorithm(root, Algorithm.RS256)
    return delegation.attach(root.key_id, root.sign(delegation.signing_input(root.key_id)))


def open_delegation(
    token: str,
    *,
    roots: Roots,
    now: int | None,
    issuer: str | None = None,
    leeway_seconds: int = _time.START_LEEWAY_SECONDS,
) -> Delegation:
    """Verify a delegation and return what it allows.

    `now` is in seconds since the epoch; None skips only the time. A start may lie `leeway_seconds`
    ahead of `now`. Raises MalformedDocument, WrongPurpose, BadSignature, UnknownKey, NotInForce.
    Does not check revocation: leave revoked keys out of `roots`.
    """
    parsed = jws.parse(token)
    root = roots.find(jws.require_header(parsed.header, DELEGATION_TYPE, Algorithm.RS256))
    root.verify(parsed.signing_input, parsed.signature)
    delegation = _from_payload(strict_json.decode_object(parsed.payload))
    if issuer is not None and delegation.issuer != issuer:
        raise WrongPurpose("a delegation of another issuer")
    if now is not None:
        _time.require_in_force(
            now=now,
            starts=delegation.not_before,
            ends=delegation.expires,
            leeway_seconds=leeway_seconds,
        )
    return delegation


def root_of_delegation(token: str) -> str:
    """Return the id of the root that a delegation names. Verifies nothing: open it first.

    Raises MalformedDocument, WrongPurpose, BadSignature (a header of another algorithm).
    """
    return jws.require_header(jws.parse(token).header, DELEGATION_TYPE, Algorithm.RS256)


def _payload(delegation: Delegation) -> dict[str, object]:
    return {
        "iss": delegation.issuer,
        "sub": delegation.key.key_id,
        "jwk": delegation.key.jwk(),
        "nbf": delegation.not_before,
        "exp": delegation.expires,
        "max_lease_s": delegation.max_lease_seconds,
        "tiers": delegation.tiers,
        "fmt": delegation.formats,
    }


def _from_payload(payload: Mapping[str, Any]) -> Delegation:
    _shape.require_members(payload, _MEMBERS)
    key = PublicKey.from_jwk(_shape.require_object(payload["jwk"], "jwk"))
    if payload["sub"] != key.key_id:
        raise MalformedDocument("sub is not the thumbprint of jwk")
    return Delegation(
        issuer=payload["iss"],
        key=key,
        not_before=payload["nbf"],
        expires=payload["exp"],
        max_lease_seconds=payload["max_lease_s"],
        tiers=_shape.require_texts(payload["tiers"], "tiers"),
        formats=_shape.require_texts(payload["fmt"], "fmt"),
    )


def _require_signing_key(key: PublicKey) -> None:
    if key.algorithm is not Algorithm.ED25519:
        raise MalformedDocument("a delegation to a key that is not Ed25519")


def _require_limits(not_before: int, expires: int, max_lease_seconds: int) -> None:
    _shape.require_integer(not_before, "nbf")
    _shape.require_integer(expires, "exp")
    _shape.require_integer(max_lease_seconds, "max_lease_s")
    life_seconds = expires - not_before
    if life_seconds > MAX_DELEGATION_SECONDS:
        raise MalformedDocument(f"a delegation of more than {MAX_DELEGATION_SECONDS} seconds")
    if not 1 <= max_lease_seconds <= life_seconds // 2:
        raise MalformedDocument("a longest lease that is not 1 s to half the delegation's life")
