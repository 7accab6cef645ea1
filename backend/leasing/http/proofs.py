"""From a lease to its signed documents."""

from datetime import UTC, datetime
from typing import Final

from audit.operations import Signed
from audit.tally import SignatureTally
from coditect_license_token import LicenseData, LicenseToken
from foundation import tracing
from foundation.clock import Clock, rfc3339, utc_now
from leasing.engine import OVERLOADED_RETRY_SECONDS
from leasing.store import Lease
from signing.errors import SigningUnavailable
from signing.seals import SealedToken, Seals

MOST_ROOT_WAIT_SECONDS: Final = 8.0
"""More than a thousand at once wait for a slow Cloud KMS, less than callers wait for an answer.

docs/signing-cost.md has the figures: the last of them is signed after 7.4 s.
"""


class Proofs:
    """Makes the two documents of a lease. Raises SigningUnavailable, and then there is none.

    ``issuer`` is the ``iss`` of every token; ``clock`` is the ledger's. Every signature is counted
    in ``tally``.
    """

    def __init__(
        self,
        seals: Seals,
        issuer: str,
        *,
        tally: SignatureTally,
        clock: Clock = utc_now,
        most_root_wait_seconds: float = MOST_ROOT_WAIT_SECONDS,
    ) -> None:
        self._seals = seals
        self._issuer = issuer
        self._tally = tally
        self._clock = clock
        self._most_root_wait_seconds = most_root_wait_seconds

    def latest_token_end(self) -> datetime:
        """Return until when a token signed now may run.

        Raises SigningUnavailable when none could be signed: known before the ledger changes.
        """
        latest = self._seals.longest_expiry(int(self._clock().timestamp()))
        return datetime.fromtimestamp(latest, UTC)

    def require_room(self) -> None:
        """Raise SigningUnavailable when root signatures are asked for faster than they are made.

        By how long the first in line has waited: a burst waits, and a line that stands does not
        grow. Known before a seat is taken.
        """
        if self._seals.root_waits_seconds() > self._most_root_wait_seconds:
            raise SigningUnavailable(
                "too many signatures wait", retry_after_seconds=OVERLOADED_RETRY_SECONDS
            )

    def license_token(self, lease: Lease, nonce: str | None) -> SealedToken:
        """Return the lease token; it never outlives the lease, nor its delegation (S7, S10)."""
        with tracing.span("sign", license__document="license_token"):
            sealed = self._sealed(lease, nonce)
        signed = Signed("license_token", sealed.key_id, sealed.root_key_id)
        self._tally.count(lease.terms.tenant_id, signed)
        return sealed

    def _sealed(self, lease: Lease, nonce: str | None) -> SealedToken:
        issued_at = int(lease.now.timestamp())
        lease_end = int(lease.lease_expires_at.timestamp())
        terms = lease.terms
        return self._seals.license_token(
            LicenseToken(
                issuer=self._issuer,
                audience=terms.audience,
                issued_at=issued_at,
                expires=min(lease_end, self._seals.longest_expiry(issued_at)),
                session_id=lease.session_id,
                tenant_id=terms.tenant_id,
                license_id=terms.license_id,
                tier=terms.tier,
                entitlements=terms.entitlements,
                hardware_binding=lease.device,
                gen=lease.gen,
                seq=lease.seq or 0,
                license_expires_at=rfc3339(terms.expires_at),
                nonce=nonce,
            )
        )

    async def license_data(
        self, lease: Lease, license_key: str, hardware_id: str
    ) -> dict[str, str]:
        """Return the root-signed statement, with key and device as the caller wrote them."""
        data = LicenseData(
            license_key=license_key,
            session_id=lease.session_id,
            tier=lease.terms.tier,
            expires_at=rfc3339(lease.terms.expires_at),
            signed_at=rfc3339(lease.now),
            hardware_id=hardware_id,
            lease_expires_at=rfc3339(lease.lease_expires_at),
            key_id=self._seals.root_key_id,
        )
        with tracing.span("sign", license__document="license_data"):
            document = await self._seals.license_data(data)
        signed = Signed("license_data", document["key_id"], document["key_id"])
        self._tally.count(lease.terms.tenant_id, signed)
        return document
