"""Tokens verified a moment ago, so that the second call with one costs a microsecond."""

import hashlib
import threading
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from identity.rules import Principal

MOST_SECONDS_KEPT: Final = 60
"""How long a verification is believed: the longest a revoked issuer or tenant is still let in."""

MOST_TOKENS_KEPT: Final = 10_000


class _Verified(NamedTuple):
    since: datetime
    until: datetime
    principal: Principal


class VerifiedTokens:
    """A bounded memory of verified tokens, keyed by the SHA-256 of the whole token.

    The whole token, so that no part of it is believed without its signature. When it is full the
    oldest entry goes, which is also the one that would end first. Failures are never kept: they
    would let anyone push good tokens out. Safe for threads; looking up takes no lock.
    """

    def __init__(self, *, most: int = MOST_TOKENS_KEPT) -> None:
        self._most = most
        self._by_digest: dict[bytes, _Verified] = {}
        self._keeping = threading.Lock()

    def find(self, token: str, *, now: datetime) -> Principal | None:
        """Return the principal of a token kept and still to be believed at ``now``, or None."""
        kept = self._by_digest.get(hashlib.sha256(token.encode("utf-8", "replace")).digest())
        if kept is not None and kept.since <= now < kept.until:
            return kept.principal
        return None

    def keep(
        self, token: str, principal: Principal, *, now: datetime, lives_seconds: float
    ) -> None:
        """Keep a verified token for what is left of its life, and 60 seconds at most."""
        if lives_seconds <= 0:
            return
        kept_seconds = min(lives_seconds, MOST_SECONDS_KEPT)
        digest = hashlib.sha256(token.encode("ascii")).digest()
        with self._keeping:
            self._by_digest.pop(digest, None)
            while len(self._by_digest) >= self._most:
                del self._by_digest[next(iter(self._by_digest))]
            self._by_digest[digest] = _Verified(
                now, now + timedelta(seconds=kept_seconds), principal
            )

    def forget_all(self) -> None:
        """Forget every token, for example because the issuers changed."""
        with self._keeping:
            self._by_digest.clear()

    def __len__(self) -> int:
        return len(self._by_digest)
