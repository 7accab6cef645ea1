"""The key set: the root keys of an issuer, their status, signed by one of them.

A compact JWS with the header `{"alg":"RS256","kid":<root>,"typ":"lic-keys+jwt"}`.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from coditect_license_token import _shape, _time, jws, strict_json
from coditect_license_token.algorithms import Algorithm
from coditect_license_token.errors import MalformedDocument, NotInForce, WrongPurpose
from coditect_license_token.public_key import PublicKey
from coditect_license_token.roots import Roots
from coditect_license_token.signer import Signer, require_algorithm

KEY_SET_TYPE: Final = "lic-keys+jwt"
MAX_KEYS: Final = 16
MAX_KEY_SET_BYTES: Final = 32_768  # sixteen RSA-4096 keys are about 20,000
_MEMBERS = frozenset({"iss", "iat", "exp", "version", "min_profile", "keys"})
_ENTRY_MEMBERS = frozenset({"status", "nbf", "exp"})


class KeyStatus(enum.Enum):
    """Where a root key stands in its rotation."""

    NEXT = "next"
    ACTIVE = "active"
    RETIRED = "retired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySetEntry:
    """One root key with its status. Times are seconds since the epoch.

    `not_before` says when the key begins to sign, `expires_at` when it stops to verify; None means
    that no end is set.
    """

    key: PublicKey
    status: KeyStatus
    not_before: int
    expires_at: int | None = None

    def __post_init__(self) -> None:
        if self.key.algorithm is not Algorithm.RS256:
            raise MalformedDocument("a key set lists RSA-4096 root keys only")
        _shape.require_integer(self.not_before, "nbf")
        if self.expires_at is None:
            return
        if _shape.require_integer(self.expires_at, "exp") <= self.not_before:
            raise MalformedDocument("a key that ends before it begins")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySet:
    """The root keys of an issuer. Times are seconds since the epoch.

    `version` grows with every change; `min_profile` is the lowest document profile a client may
    accept (1: license data, 2: license token).
    """

    issuer: str
    version: int
    issued_at: int
    expires_at: int
    min_profile: int
    entries: tuple[KeySetEntry, ...]

    def __post_init__(self) -> None:
        _shape.require_text(self.issuer, "iss")
        for name in ("version", "issued_at", "expires_at", "min_profile"):
            _shape.require_integer(getattr(self, name), name)
        if self.expires_at <= self.issued_at:
            raise MalformedDocument("a key set that ends before it begins")
        if not 1 <= len({entry.key.key_id for entry in self.entries}) == len(self.entries):
            raise MalformedDocument("a key set without keys, or with one twice")
        if len(self.entries) > MAX_KEYS:
            raise MalformedDocument(f"a key set of more than {MAX_KEYS} keys")

    def roots(self, *, now: int | None = None) -> Roots:
        """Give the keys that still verify: next, active and retired.

        With `now` in seconds since the epoch, keys past their own end are left out too.
        """
        return Roots(entry.key for entry in self.entries if _verifies(entry, now))

    def signing_input(self, root_key_id: str) -> bytes:
        """Give the exact bytes the root has to sign with RS256."""
        return jws.signing_input(KEY_SET_TYPE, Algorithm.RS256, root_key_id, _payload(self))

    def attach(self, root_key_id: str, signature: bytes) -> str:
        """Make the key set from the root's signature of `signing_input`.

        Raises MalformedDocument when the signature is not 512 bytes. Does not verify it.
        """
        signed = self.signing_input(root_key_id)
        return jws.attach(signed, signature, Algorithm.RS256, max_bytes=MAX_KEY_SET_BYTES)


def seal_keyset(keyset: KeySet, *, root: Signer) -> str:
    """Sign a key set with the root and return the compact JWS.

    Blocks for as long as the root takes; `signing_input` and `attach` are its two halves. Raises
    UnknownKey when the root is not RS256.
    """
    require_algorithm(root, Algorithm.RS256)
    return keyset.attach(root.key_id, root.sign(keyset.signing_input(root.key_id)))


def open_keyset(
    token: str,
    *,
    roots: Roots,
    now: int | None,
    lowest_version: int = 0,
    issuer: str | None = None,
    leeway_seconds: int = _time.START_LEEWAY_SECONDS,
) -> KeySet:
    """Verify a key set against roots already trusted.

    `now` is in seconds since the epoch; `iat` may lie `leeway_seconds` ahead of it. None skips only
    the time, for a set that was verified in its time and kept. A version below `lowest_version` is
    NotInForce: keep the highest version seen. Raises MalformedDocument, WrongPurpose, BadSignature,
    UnknownKey, NotInForce.
    """
    parsed = jws.parse(token, max_bytes=MAX_KEY_SET_BYTES)
    root = roots.find(jws.require_header(parsed.header, KEY_SET_TYPE, Algorithm.RS256))
    root.verify(parsed.signing_input, parsed.signature)
    keyset = _from_payload(strict_json.decode_object(parsed.payload))
    if issuer is not None and keyset.issuer != issuer:
        raise WrongPurpose("a key set of another issuer")
    if now is not None:
        _time.require_in_force(
            now=now, starts=keyset.issued_at, ends=keyset.expires_at, leeway_seconds=leeway_seconds
        )
    if keyset.version < lowest_version:
        raise NotInForce(f"key set version {keyset.version} is below {lowest_version}")
    return keyset


def _verifies(entry: KeySetEntry, now: int | None) -> bool:
    ended = now is not None and entry.expires_at is not None and now >= entry.expires_at
    return entry.status is not KeyStatus.REVOKED and not ended


def _payload(keyset: KeySet) -> dict[str, object]:
    return {
        "iss": keyset.issuer,
        "iat": keyset.issued_at,
        "exp": keyset.expires_at,
        "version": keyset.version,
        "min_profile": keyset.min_profile,
        "keys": [_key_member(entry) for entry in keyset.entries],
    }


def _key_member(entry: KeySetEntry) -> dict[str, object]:
    window = {"nbf": entry.not_before, "exp": entry.expires_at}
    member = {**entry.key.jwk(), "status": entry.status.value, **window}
    return {name: value for name, value in member.items() if value is not None}


def _from_payload(payload: Mapping[str, Any]) -> KeySet:
    _shape.require_members(payload, _MEMBERS)
    if not isinstance(payload["keys"], list):
        raise MalformedDocument("keys is not a list")
    return KeySet(
        issuer=payload["iss"],
        version=payload["version"],
        issued_at=payload["iat"],
        expires_at=payload["exp"],
        min_profile=payload["min_profile"],
        entries=tuple(_entry(_shape.require_object(key, "a key")) for key in payload["keys"]),
    )


def _entry(member: Mapping[str, Any]) -> KeySetEntry:
    jwk = {name: value for name, value in member.items() if name not in _ENTRY_MEMBERS}
    if "status" not in member or "nbf" not in member:
        raise MalformedDocument("a key without status or nbf")
    if "exp" in member:
        _shape.require_integer(member["exp"], "exp")
    return KeySetEntry(
        key=PublicKey.from_jwk(jwk),
        status=_status(member["status"]),
        not_before=member["nbf"],
        expires_at=member.get("exp"),
    )


def _status(value: object) -> KeyStatus:
    try:
        return KeyStatus(value)
    except ValueError as error:
        raise MalformedDocument("a key of unknown status") from error
