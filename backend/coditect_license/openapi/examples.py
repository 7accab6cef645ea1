"""Answers as they look, made by the code that makes real ones; only the signatures are filler."""

import hashlib
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from msgspec import structs

from coditect_license_token import (
    Algorithm,
    Delegation,
    KeySet,
    KeySetEntry,
    KeyStatus,
    LicenseData,
    LicenseToken,
    PublicKey,
    Revocations,
    hardware_binding,
    seal_delegation,
    seal_keyset,
    seal_license_token,
    seal_revocations,
)
from foundation.clock import rfc3339
from leasing.http.answers import LeaseAnswer, Seats, SessionAnswer
from licenses.rules import DEFAULT_HEARTBEAT_INTERVAL_SECONDS, DEFAULT_TTL_SECONDS

_ISSUER: Final = "http://127.0.0.1:8000"
_SESSION: Final = "73f46bf0-6f5c-4a2e-9c60-927912944c44"
_LICENSE: Final = "ce575353-a279-49dd-8107-de6c576a576e"
_TENANT: Final = "f65f6557-efeb-43bf-b0e5-807ca4e20e79"
_KEY: Final = "CDT1-0123K-5TYWF-QG4M9-N8ZXA-RJDV2-7C1HB"
_DEVICE: Final = "laptop-7"
_TIER: Final = "enterprise"
_NOW: Final = datetime.fromisoformat("2025-12-29T04:35:35.407120+00:00")
_LEASE_END: Final = _NOW + timedelta(seconds=DEFAULT_TTL_SECONDS)
_LICENSE_END: Final = _NOW + timedelta(days=365)
_DAY_SECONDS: Final = 86_400


def _filler(size_bytes: int) -> bytes:
    return hashlib.shake_256(b"filler of an example").digest(size_bytes)


class _ExampleSigner:
    """Looks like a signer and signs nothing: what comes out verifies under no key."""

    def __init__(self, public_key: PublicKey, signature_bytes: int) -> None:
        self.public_key = public_key
        self._signature_bytes = signature_bytes

    @property
    def key_id(self) -> str:
        return self.public_key.key_id

    @property
    def algorithm(self) -> Algorithm:
        return self.public_key.algorithm

    def sign(self, message: bytes) -> bytes:
        del message
        return _filler(self._signature_bytes)


def _example_root() -> _ExampleSigner:
    modulus = int.from_bytes(_filler(512)) | 1 << 4095 | 1
    key = RSAPublicNumbers(65537, modulus).public_key()
    return _ExampleSigner(PublicKey.from_cryptography(key), 512)


def _example_session_signer() -> _ExampleSigner:
    key = Ed25519PrivateKey.from_private_bytes(_filler(32)).public_key()
    return _ExampleSigner(PublicKey.from_cryptography(key), 64)


_ROOT: Final = _example_root()
_SIGNER: Final = _example_session_signer()


def acquire_body() -> dict[str, Any]:
    """Return a body for acquire; with a key of one's own it takes a seat."""
    return {"license_key": _KEY, "hardware_id": _DEVICE}


def heartbeat_body() -> dict[str, Any]:
    """Return a body for heartbeat, for a caller with a credential in the header."""
    return {"known_kid": _SIGNER.key_id}


def granted() -> LeaseAnswer:
    """Return the answer to an acquire that asks for both proofs."""
    return structs.replace(
        renewed(),
        seats=Seats(total=10, in_use=3),
        license_data=_license_data(),
        delegation=_delegation(),
    )


def renewed() -> LeaseAnswer:
    """Return the answer to a heartbeat that brings a new token."""
    return LeaseAnswer(
        session_id=_SESSION,
        lease_expires_at=rfc3339(_LEASE_END),
        heartbeat_interval_seconds=DEFAULT_HEARTBEAT_INTERVAL_SECONDS,
        next_heartbeat_in_seconds=113.7,
        license_token=_license_token(),
    )


def session() -> SessionAnswer:
    """Return the state of a session that runs."""
    return SessionAnswer(
        session_id=_SESSION,
        license_id=_LICENSE,
        tier=_TIER,
        state="active",
        started_at=rfc3339(_NOW),
        lease_expires_at=rfc3339(_LEASE_END),
        instances=("build-1",),
    )


def key_set() -> dict[str, Any]:
    """Return a published key set of one key."""
    entry = KeySetEntry(key=_ROOT.public_key, status=KeyStatus.ACTIVE, not_before=_seconds())
    common: dict[str, Any] = {
        "issuer": _ISSUER,
        "version": 1,
        "issued_at": _seconds(),
        "expires_at": _seconds() + _DAY_SECONDS,
    }
    keyset = seal_keyset(KeySet(min_profile=1, entries=(entry,), **common), root=_ROOT)
    revocations = seal_revocations(Revocations(**common), root=_ROOT)
    key = {**entry.key.jwk(), "status": entry.status.value, "pem": entry.key.pem()}
    return {
        "keyset": keyset,
        "editions": [{"kid": _ROOT.key_id, "keyset": keyset, "revocations": revocations}],
        "links": [],
        "version": common["version"],
        "keys": [key],
    }


def jwks() -> dict[str, Any]:
    """Return a JWK set of one key."""
    return {"keys": [_ROOT.public_key.jwk()]}


def _seconds() -> int:
    return int(_NOW.timestamp())


def _license_data() -> dict[str, str]:
    signed = LicenseData(
        license_key=_KEY,
        session_id=_SESSION,
        tier=_TIER,
        expires_at=rfc3339(_LICENSE_END),
        signed_at=rfc3339(_NOW),
        hardware_id=_DEVICE,
        lease_expires_at=rfc3339(_LEASE_END),
        key_id=_ROOT.key_id,
    )
    return signed.with_signature(_ROOT.sign(signed.signed_bytes()))


def _license_token() -> str:
    claims = LicenseToken(
        issuer=_ISSUER,
        audience="demo-app",
        issued_at=_seconds(),
        expires=_seconds() + DEFAULT_TTL_SECONDS,
        session_id=_SESSION,
        tenant_id=_TENANT,
        license_id=_LICENSE,
        tier=_TIER,
        entitlements=("demo",),
        hardware_binding=hardware_binding(_LICENSE, _DEVICE),
        gen=1,
        seq=1,
        license_expires_at=rfc3339(_LICENSE_END),
    )
    return seal_license_token(claims, signer=_SIGNER)


def _delegation() -> str:
    delegation = Delegation(
        issuer=_ISSUER,
        key=_SIGNER.public_key,
        not_before=_seconds(),
        expires=_seconds() + _DAY_SECONDS,
        max_lease_seconds=_DAY_SECONDS // 2,
        tiers=("*",),
    )
    return seal_delegation(delegation, root=_ROOT)
