"""Secrets that stored keys and tokens are hashed under, by version."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

FEWEST_BYTES: Final = 32


class Peppers:
    """HMAC-SHA-256 under the newest pepper, and under each that is still in use.

    ``peppers`` are secrets of at least 32 bytes by version; the highest version hashes what is new.
    Raises ValueError for none, or for a short one.
    """

    def __init__(self, peppers: Mapping[int, bytes]) -> None:
        if not peppers or any(len(pepper) < FEWEST_BYTES for pepper in peppers.values()):
            raise ValueError(f"every pepper takes at least {FEWEST_BYTES} bytes")
        self._newest_first = dict(sorted(peppers.items(), reverse=True))
        self.current_version = max(peppers)

    def current(self, text: str) -> str:
        """Return a text's HMAC under the newest pepper, 64 hexadecimal digits."""
        return _hmac(self._newest_first[self.current_version], text)

    def candidates(self, text: str) -> tuple[str, ...]:
        """Return a text's HMAC under each pepper, newest first, to look it up by."""
        return tuple(_hmac(pepper, text) for pepper in self._newest_first.values())


def _hmac(pepper: bytes, text: str) -> str:
    return hmac.digest(pepper, text.encode(), hashlib.sha256).hex()
