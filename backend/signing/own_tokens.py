"""The lease tokens of this installation, opened again, whichever of its processes signed them."""

from dataclasses import dataclass
from typing import Final

from coditect_license_token import (
    KeyStatus,
    LicenseToken,
    Roots,
    open_delegation,
    open_license_token,
)
from foundation.clock import monotonic_seconds
from signing import queries

_FRESH_SECONDS: Final = 60
"""How long the stored roots are believed: a revoked one counts no longer than that."""


@dataclass(frozen=True, slots=True)
class _Read:
    roots: Roots
    at_seconds: float


class OwnTokens:
    """Opens tokens under every root that ever signed here and was not revoked.

    Two threads may read the roots at the same time, and both results are good.
    """

    def __init__(self, *, issuer: str) -> None:
        self._issuer = issuer
        self._read: _Read | None = None

    def open(self, token: str, delegation: str) -> LicenseToken:
        """Return what a token of ours says. Two signatures are verified: about 0.3 ms.

        Reads the database now and then: from an event loop, call in a worker thread. Raises
        TokenError. Does not compare token or delegation with the present: the ledger's clock does.
        """
        mandate = open_delegation(delegation, roots=self._roots(), now=None, issuer=self._issuer)
        return open_license_token(token, delegation=mandate, now=None, issuer=self._issuer)

    def _roots(self) -> Roots:
        now_seconds = monotonic_seconds()
        read = self._read
        if read is None or now_seconds - read.at_seconds > _FRESH_SECONDS:
            entries = queries.key_set_entries()
            usable = (entry.key for entry in entries if entry.status is not KeyStatus.REVOKED)
            read = self._read = _Read(Roots(usable), now_seconds)
        return read.roots
