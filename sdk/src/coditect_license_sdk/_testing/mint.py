"""The signed documents of the fake: real signatures, a root that everybody knows."""

from datetime import UTC, datetime
from typing import Final

from coditect_license_sdk._testing.ledger import Session
from coditect_license_token import (
    Delegation,
    KeySet,
    KeySetEntry,
    KeyStatus,
    LicenseData,
    LicenseToken,
    hardware_binding,
    seal_delegation,
    seal_keyset,
    seal_license_token,
)
from coditect_license_token.testing import InMemorySigner

_DELEGATION_SECONDS: Final = 86_400
_LICENSE_SECONDS: Final = 365 * 86_400
TENANT_ID: Final = "5a1f7c9e-0000-4000-8000-00000000fa4e"
LICENSE_ID: Final = "11ce75e0-0000-4000-8000-00000000fa4e"


class Mint:
    """Seals what the fake answers. `tier`, `entitlements` and `audience` may be changed at will."""

    def __init__(self, *, root: InMemorySigner, issuer: str, audience: str) -> None:
        self.root = root
        self.issuer = issuer
        self.audience = audience
        self.tier = "pro"
        self.entitlements: tuple[str, ...] = ("export",)
        self.signer = InMemorySigner.generate_signer()
        self._delegation = ""
        self._delegated_from = self._delegated_until = 0

    def license_token(
        self, session: Session, *, now: int, nonce: str | None, hardware_id: str
    ) -> str:
        """Sign the lease of a session, for the device given."""
        session.seq += 1
        claims = LicenseToken(
            issuer=self.issuer,
            audience=self.audience,
            issued_at=now,
            expires=session.lease_expires_at,
            session_id=session.session_id,
            tenant_id=TENANT_ID,
            license_id=LICENSE_ID,
            tier=self.tier,
            entitlements=self.entitlements,
            hardware_binding=hardware_binding(LICENSE_ID, hardware_id),
            gen=session.gen,
            seq=session.seq,
            license_expires_at=rfc3339(now + _LICENSE_SECONDS),
            nonce=nonce,
        )
        return seal_license_token(claims, signer=self.signer)

    def delegation(self, *, now: int, lease_expires_at: int) -> str:
        """Certify the signing key, anew when the last one does not cover it."""
        if not self._delegated_from <= now < lease_expires_at <= self._delegated_until:
            delegation = Delegation(
                issuer=self.issuer,
                key=self.signer.public_key,
                not_before=now - 60,
                expires=now - 60 + _DELEGATION_SECONDS,
                max_lease_seconds=_DELEGATION_SECONDS // 2,
                tiers=("*",),
            )
            self._delegation = seal_delegation(delegation, root=self.root)
            self._delegated_from, self._delegated_until = delegation.not_before, delegation.expires
        return self._delegation

    def license_data(self, session: Session, *, license_key: str, now: int) -> dict[str, str]:
        """Sign the seed's document."""
        data = LicenseData(
            license_key=license_key,
            session_id=session.session_id,
            tier=self.tier,
            expires_at=rfc3339(now + _LICENSE_SECONDS),
            signed_at=rfc3339(now),
            hardware_id=session.hardware_id,
            lease_expires_at=rfc3339(session.lease_expires_at),
            key_id=self.root.key_id,
        )
        return data.with_signature(self.root.sign(data.signed_bytes()))

    def keyset(self, *, now: int, version: int, signed_by: InMemorySigner | None = None) -> str:
        """Sign the key set: the root, and whoever signs in its place."""
        roots = {root.key_id: root for root in (self.root, signed_by or self.root)}
        entries = tuple(
            KeySetEntry(key=root.public_key, status=KeyStatus.ACTIVE, not_before=now - 60)
            for root in roots.values()
        )
        keyset = KeySet(
            issuer=self.issuer,
            version=version,
            issued_at=now,
            expires_at=now + _LICENSE_SECONDS,
            min_profile=1,
            entries=entries,
        )
        return seal_keyset(keyset, root=signed_by or self.root)


def rfc3339(seconds: int) -> str:
    """Write a time as every document does: UTC, six decimals, +00:00."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")
