"""The revocation list: keys and sessions whose documents count no more, although they verify.

A compact JWS with the header `{"alg":"RS256","kid":<root>,"typ":"lic-revoked+jwt"}`. It comes with
the key set of the same version.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from coditect_license_token import _shape, _time, jws, strict_json
from coditect_license_token.algorithms import Algorithm
from coditect_license_token.errors import MalformedDocument, NotInForce, WrongPurpose
from coditect_license_token.roots import Roots
from coditect_license_token.signer import Signer, require_algorithm

REVOCATIONS_TYPE: Final = "lic-revoked+jwt"
MAX_REVOKED: Final = 128
MAX_REVOCATIONS_BYTES: Final = 32_768  # twice 128 entries are about 16,000
_MEMBERS = frozenset({"iss", "iat", "exp", "version", "keys", "sessions"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocations:
    """What counts no more. Times are seconds since the epoch.

    `key_ids` name roots and delegated keys, `session_ids` sessions (`jti` of a license token,
    `session_id` of license data); at most 128 of each. `version` is that of the key set.
    """

    issuer: str
    version: int
    issued_at: int
    expires_at: int
    key_ids: tuple[str, ...] = ()
    session_ids: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _shape.require_text(self.issuer, "iss")
        for name in ("version", "issued_at", "expires_at"):
            _shape.require_integer(getattr(self, name), name)
        if self.expires_at <= self.issued_at:
            raise MalformedDocument("a revocation list that ends before it begins")
        _shape.require_text_tuple(self.key_ids, "keys", most=MAX_REVOKED)
        _shape.require_text_tuple(self.session_ids, "sessions", most=MAX_REVOKED)

    def signing_input(self, root_key_id: str) -> bytes:
        """Give the exact bytes the root has to sign with RS256."""
        return jws.signing_input(REVOCATIONS_TYPE, Algorithm.RS256, root_key_id, _payload(self))

    def attach(self, root_key_id: str, signature: bytes) -> str:
        """Make the list from the root's signature of `signing_input`.

        Raises MalformedDocument when the signature is not 512 bytes. Does not verify it.
        """
        signed = self.signing_input(root_key_id)
        return jws.attach(signed, signature, Algorithm.RS256, max_bytes=MAX_REVOCATIONS_BYTES)


def seal_revocations(revocations: Revocations, *, root: Signer) -> str:
    """Sign a revocation list with the root and return the compact JWS.

    Blocks for as long as the root takes; `signing_input` and `attach` are its two halves. Raises
    UnknownKey when the root is not RS256.
    """
    require_algorithm(root, Algorithm.RS256)
    signature = root.sign(revocations.signing_input(root.key_id))
    return revocations.attach(root.key_id, signature)


def open_revocations(
    token: str,
    *,
    roots: Roots,
    now: int | None,
    lowest_version: int = 0,
    issuer: str | None = None,
    leeway_seconds: int = _time.START_LEEWAY_SECONDS,
) -> Revocations:
    """Verify a revocation list against roots already trusted.

    `now`, `lowest_version` and `leeway_seconds` mean what they mean for `open_keyset`. Raises
    MalformedDocument, WrongPurpose, BadSignature, UnknownKey, NotInForce.
    """
    parsed = jws.parse(token, max_bytes=MAX_REVOCATIONS_BYTES)
    root = roots.find(jws.require_header(parsed.header, REVOCATIONS_TYPE, Algorithm.RS256))
    root.verify(parsed.signing_input, parsed.signature)
    opened = _from_payload(strict_json.decode_object(parsed.payload))
    if issuer is not None and opened.issuer != issuer:
        raise WrongPurpose("a revocation list of another issuer")
    if now is not None:
        _time.require_in_force(
            now=now, starts=opened.issued_at, ends=opened.expires_at, leeway_seconds=leeway_seconds
        )
    if opened.version < lowest_version:
        raise NotInForce(f"revocation list version {opened.version} is below {lowest_version}")
    return opened


def _payload(revocations: Revocations) -> dict[str, object]:
    return {
        "iss": revocations.issuer,
        "iat": revocations.issued_at,
        "exp": revocations.expires_at,
        "version": revocations.version,
        "keys": revocations.key_ids,
        "sessions": revocations.session_ids,
    }


def _from_payload(payload: Mapping[str, Any]) -> Revocations:
    _shape.require_members(payload, _MEMBERS)
    return Revocations(
        issuer=payload["iss"],
        version=payload["version"],
        issued_at=payload["iat"],
        expires_at=payload["exp"],
        key_ids=_shape.require_texts(payload["keys"], "keys", most=MAX_REVOKED),
        session_ids=_shape.require_texts(payload["sessions"], "sessions", most=MAX_REVOKED),
    )
