"""The key that signs lease tokens: Ed25519, in memory, certified by the root for a day.

It is what keeps leases flowing while the root is away: renewed from its half life on, it has at
least 12 hours left whenever the root fails (design: docs/adr/0003).
"""

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from coditect_license_token import (
    Algorithm,
    Delegation,
    PublicKey,
    Roots,
    TokenError,
    open_delegation,
    seal_delegation,
)
from foundation.clock import Clock
from signing.errors import SigningUnavailable
from signing.root import Root
from signing.signer import Signer

LIFETIME_SECONDS: Final = 86_400
LONGEST_LEASE_SECONDS: Final = 43_200
EVERY_TIER: Final = ("*",)
BACKDATED_SECONDS: Final = LIFETIME_SECONDS // 12
"""A delegation begins this long ago: the ledger's clock dates tokens and may lag behind ours.

Two hours, more than the jump of a clock that is set wrongly: before its delegation begins no token
can be sealed, and every answer would be 503 (S13, tests/faults/test_clock.py). A shorter lifetime
shortens it in proportion.
"""

MARGIN_SECONDS: Final = 60
"""Renewal is due this long before the half life, so that 12 hours are left if it fails at once."""

_RANDOM: Final = secrets.SystemRandom()
_JITTER_SHARE: Final = 0.1
_RETRY_SECONDS: Final = 5
_PROBE: Final = b"a key that cannot sign this signs no lease"


class MemorySigner:
    """An Ed25519 key that was made in this process and ends with it."""

    def __init__(self) -> None:
        self._private_key = Ed25519PrivateKey.generate()
        self.public_key = PublicKey.from_cryptography(self._private_key.public_key())

    @property
    def algorithm(self) -> Algorithm:
        """Ed25519."""
        return self.public_key.algorithm

    @property
    def key_id(self) -> str:
        """The RFC 7638 thumbprint of the public key."""
        return self.public_key.key_id

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature of the message; about 30 µs, never blocks."""
        return self._private_key.sign(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegated:
    """A signing key with the proof that it may sign: ``document`` is the compact delegation.

    ``root_key_id`` names the root that signed it.
    """

    signer: Signer
    document: str
    mandate: Delegation
    root_key_id: str

    @property
    def expires(self) -> int:
        """When the delegation ends, in seconds since the epoch."""
        return self.mandate.expires

    def longest_expiry(self, now: int) -> int:
        """Return the latest ``exp`` that a token issued at ``now`` may carry."""
        return min(self.mandate.expires, now + self.mandate.max_lease_seconds)


class DelegatedSigner:
    """Holds the current delegated key and makes the next one.

    ``jitter`` gives numbers from 0 to 1; up to a tenth of the lifetime is taken off the half life,
    so that processes started together do not all ask the root at once. ``make_key`` gives a fresh
    Ed25519 signer. All instants are whole seconds since the epoch. Safe for threads: ``renew``
    works beside readers, who keep the old key until the new one is whole.
    """

    def __init__(
        self,
        root: Root,
        *,
        issuer: str,
        clock: Clock,
        lifetime_seconds: int = LIFETIME_SECONDS,
        max_lease_seconds: int = LONGEST_LEASE_SECONDS,
        tiers: tuple[str, ...] = EVERY_TIER,
        jitter: Callable[[], float] = _RANDOM.random,
        make_key: Callable[[], Signer] = MemorySigner,
    ) -> None:
        self._root = root
        self._issuer = issuer
        self._clock = clock
        self._lifetime_seconds = lifetime_seconds
        self._max_lease_seconds = max_lease_seconds
        self._tiers = tiers
        self._jitter = jitter
        self._make_key = make_key
        self._renewing = threading.Lock()
        self._current: Delegated | None = None
        self._due = 0

    def now(self) -> int:
        """Return the present instant on this signer's clock, in seconds since the epoch."""
        return int(self._clock().timestamp())

    def renew(self) -> Delegated:
        """Make a fresh key, let the root certify it, prove both and put them into use.

        One root signature; blocks for as long as the root takes. Raises SigningUnavailable, and
        keeps the key it had.
        """
        with self._renewing:
            now = self.now()
            fresh = self._proven(self._make_key(), now)
            early_seconds = self._jitter() * _JITTER_SHARE * self._lifetime_seconds
            early_seconds += MARGIN_SECONDS
            self._due = fresh.mandate.not_before + int(self._lifetime_seconds / 2 - early_seconds)
            self._current = fresh
            return fresh

    def renewal_due(self, now: int) -> bool:
        """Return whether to renew: there is none, half its life is over, or the clock jumped.

        So it is when another root signs now, and when the key was revoked.
        """
        current = self._current
        if current is None or not current.mandate.not_before <= now < self._due:
            return True
        active = self._root.keys.active
        is_followed = active is not None and active.key_id != current.root_key_id
        return is_followed or self._root.has_revoked(current.signer.key_id)

    def current(self, now: int) -> Delegated:
        """Return the key to sign with at ``now``.

        Raises SigningUnavailable when there is none that is in force then, or it was revoked.
        """
        current = self._current
        if current is None or not current.mandate.not_before <= now < current.expires:
            raise SigningUnavailable(
                "no delegation is in force", retry_after_seconds=_RETRY_SECONDS
            )
        if self._root.has_revoked(current.signer.key_id):
            raise SigningUnavailable(
                "the delegated key was revoked", retry_after_seconds=_RETRY_SECONDS
            )
        return current

    def covers(self, expires: int, now: int) -> bool:
        """Return whether a token issued at ``now`` may live until ``expires``.

        Raises SigningUnavailable when no delegation is in force.
        """
        return expires <= self.current(now).longest_expiry(now)

    def _proven(self, signer: Signer, now: int) -> Delegated:
        root = self._root.signer
        not_before = now - self._lifetime_seconds * BACKDATED_SECONDS // LIFETIME_SECONDS
        mandate = Delegation(
            issuer=self._issuer,
            key=signer.public_key,
            not_before=not_before,
            expires=not_before + self._lifetime_seconds,
            max_lease_seconds=self._max_lease_seconds,
            tiers=self._tiers,
        )
        try:
            document = seal_delegation(mandate, root=root)
            roots = Roots([root.public_key])
            opened = open_delegation(document, roots=roots, now=now, issuer=self._issuer)
            opened.key.verify(_PROBE, signer.sign(_PROBE))
        except TokenError as error:
            raise SigningUnavailable(
                "the fresh key or its delegation does not verify",
                retry_after_seconds=_RETRY_SECONDS,
            ) from error
        return Delegated(signer=signer, document=document, mandate=opened, root_key_id=root.key_id)
