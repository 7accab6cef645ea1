"""The lease tokens of this installation, opened again, whichever of its processes signed them."""

from dataclasses import dataclass
from typing import Final

from coditect_license_token import (
    KeyStatus,
    LicenseToken,
    Roots,
    UnknownKey,
    open_delegation,
    open_license_token,
)
from foundation.clock import Clock, monotonic_seconds, utc_now
from signing import queries

_FRESH_SECONDS: Final = 60
"""How long the stored keys are believed: a revoked one counts no longer than that."""


@dataclass(frozen=True, slots=True)
class _Read:
    roots: Roots
    revoked: frozenset[str]
    at_seconds: float


class OwnTokens:
    """Opens tokens under every root that ever signed here and was not revoked.

    Two threads may read the roots at the same time, and both results are good.
    """

    def __init__(self, *, issuer: str, clock: Clock = utc_now) -> None:
        self._issuer = issuer
        self._clock = clock
        self._read: _Read | None = None

    def expire(self) -> None:
        """Read the keys anew before the next token. For any thread; reads nothing."""
        self._read = None

    def open(self, token: str, delegation: str) -> LicenseToken:
        """Return what a token of ours says. Two signatures are verified: about 0.3 ms.

        Reads the database now and then: from an event loop, call in a worker thread. Raises
        TokenError. Does not compare token or delegation with the present: the ledger's clock does.
        """
        keys = self._keys()
        mandate = open_delegation(delegation, roots=keys.roots, now=None, issuer=self._issuer)
        if mandate.key.key_id in keys.revoked:
            raise UnknownKey("the delegated key was revoked")
        return open_license_token(token, delegation=mandate, now=None, issuer=self._issuer)

    def _keys(self) -> _Read:
        now_seconds = monotonic_seconds()
        read = self._read
        if read is None or now_seconds - read.at_seconds > _FRESH_SECONDS:
            entries = queries.key_set_entries()
            usable = (entry.key for entry in entries if entry.status is not KeyStatus.REVOKED)
            revoked = queries.revoked_key_ids(self._clock())
            read = self._read = _Read(Roots(usable), revoked, now_seconds)
        return read
