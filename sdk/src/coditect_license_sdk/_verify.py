"""Verification of what servers and files claim. Pure: roots and time are arguments.

A proof is a license token with the delegation of the key that signed it. Only `open_proof` turns
its text into claims; there is no type for claims that were not verified.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from coditect_license_sdk.errors import RootUnknown, VerificationFailed
from coditect_license_token import (
    LicenseData,
    LicenseToken,
    Roots,
    TokenError,
    UnknownKey,
    open_delegation,
    open_license_data,
    open_license_token,
    root_of_delegation,
)


@dataclass(frozen=True, slots=True)
class Proof:
    """Two compact JWS as they came. Their text says nothing yet."""

    license_token: str
    delegation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Who a proof must be for. None is not compared."""

    hardware_id: str | None = None
    audience: str | None = None
    issuer: str | None = None


@dataclass(frozen=True, slots=True)
class Verified:
    """What a proof says, now that it holds.

    `key_id` names the delegated key that signed it, `root_id` the root that certified that key.
    """

    claims: LicenseToken
    key_id: str
    root_id: str


def open_fresh_proof(
    proof: Proof,
    *,
    roots: Roots,
    expected: Expected,
    nonce: str,
    revoked: Container[str] = (),
) -> Verified:
    """Verify a proof made for this very request.

    `revoked` are ids of keys and sessions that count no more.

    The nonce proves that it is new, so its own `iat` is the time and the machine's clock does not
    matter: the delegation must cover the token's whole life. Raises VerificationFailed,
    RootUnknown.
    """
    verified = _open(proof, roots=roots, expected=expected, now=None, nonce=nonce)
    return _unrevoked(verified, revoked)


def open_kept_proof(
    proof: Proof,
    *,
    roots: Roots,
    expected: Expected,
    now: int,
    revoked: Container[str] = (),
) -> Verified:
    """Verify a proof that was kept, at a time in seconds since the epoch.

    Does not judge whether that time can be believed: see `_clock.TimeFloor`. Raises
    VerificationFailed, RootUnknown.
    """
    verified = _open(proof, roots=roots, expected=expected, now=now, nonce=None)
    return _unrevoked(verified, revoked)


def _open(
    proof: Proof, *, roots: Roots, expected: Expected, now: int | None, nonce: str | None
) -> Verified:
    try:
        delegation = open_delegation(proof.delegation, roots=roots, now=now, issuer=expected.issuer)
    except UnknownKey as error:
        raise RootUnknown(f"the delegation is signed by a root not pinned: {error}") from error
    except TokenError as error:
        raise VerificationFailed(f"the delegation does not hold: {error}") from error
    try:
        claims = open_license_token(
            proof.license_token,
            delegation=delegation,
            now=now,
            audience=expected.audience,
            issuer=expected.issuer,
            hardware_id=expected.hardware_id,
            nonce=nonce,
        )
    except TokenError as error:
        raise VerificationFailed(f"the license token does not hold: {error}") from error
    return Verified(claims, delegation.key.key_id, root_of_delegation(proof.delegation))


def _unrevoked(verified: Verified, revoked: Container[str]) -> Verified:
    if verified.key_id in revoked:
        raise VerificationFailed("the key that signed the license token was revoked")
    if verified.claims.session_id in revoked:
        raise VerificationFailed("the session was revoked")
    return verified


def open_statement(
    statement: Mapping[str, object],
    *,
    roots: Roots,
    now: int,
    hardware_id: str | None,
    revoked: Container[str] = (),
) -> LicenseData:
    """Verify license_data at a time in seconds since the epoch.

    `revoked` are ids of sessions that count no more. Raises VerificationFailed, RootUnknown.
    """
    moment = datetime.fromtimestamp(now, UTC)
    try:
        data = open_license_data(statement, roots=roots, now=moment, hardware_id=hardware_id)
    except UnknownKey as error:
        raise RootUnknown(f"license_data is signed by a root not pinned: {error}") from error
    except TokenError as error:
        raise VerificationFailed(f"license_data does not hold: {error}") from error
    if data.session_id in revoked:
        raise VerificationFailed("the session was revoked")
    return data
