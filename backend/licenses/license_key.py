"""Licence keys: how they are written, checked and stored. Pure.

A key is ``CDT1-`` and thirty Crockford base32 characters in groups of five: 125 random bits and
a 25-bit check. The check finds typing errors without a database and lets secret scanners be
sure; it is no secret. Stored is only an HMAC under a versioned pepper (docs/adr/0006).
"""

import hmac
import zlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from foundation.crockford import ALPHABET, spell
from foundation.peppers import Peppers

PREFIX: Final = "CDT1"
RANDOM_BYTES: Final = 16
_FOLDED: Final = str.maketrans("OIL", "011", "- ")
MOST_REMEMBERED: Final = 10_000
_BODY_LENGTH: Final = 25
_CHECK_LENGTH: Final = 5


def format_key(randomness: bytes) -> str:
    """Return the key that spells the first 125 bits of 16 random bytes.

    Raises ValueError for another length. The caller brings randomness of the operating system.
    """
    if len(randomness) != RANDOM_BYTES:
        raise ValueError("a license key takes 16 random bytes")
    body = spell(int.from_bytes(randomness, "big") >> 3, _BODY_LENGTH)
    letters = body + _check(body)
    groups = [letters[start : start + 5] for start in range(0, len(letters), 5)]
    return "-".join([PREFIX, *groups])


def normalize(key: str) -> str:
    """Return one spelling for all ways to type a key: case, hyphens, spaces, O/0, I/L/1.

    A text that is no well-formed key of ours comes back unchanged: it names nothing, or an
    imported key, which is compared letter by letter.
    """
    letters = _letters(key)
    return key if letters is None else PREFIX + letters


def is_well_formed(key: str) -> bool:
    """Tell whether a text is a key of ours with a right check, in any spelling."""
    return _letters(key) is not None


def hint(key: str) -> str:
    """Return the last four characters, which may be shown and logged."""
    return normalize(key)[-4:]


class KeyHasher:
    """Turns keys into what is stored, under every pepper still in use.

    ``peppers`` are secrets of at least 32 bytes by version; the highest version hashes new keys.
    """

    def __init__(self, peppers: Mapping[int, bytes]) -> None:
        self._peppers = Peppers(peppers)
        self.current_version = self._peppers.current_version
        self._remembered = lru_cache(maxsize=MOST_REMEMBERED)(self._hmacs)

    def current(self, key: str) -> str:
        """Return a key's HMAC under the newest pepper, 64 hexadecimal digits."""
        return self._peppers.current(normalize(key))

    def candidates(self, key: str) -> tuple[str, ...]:
        """Return a key's HMAC under each pepper, newest first, to look it up by.

        The last 10,000 keys asked for are remembered: a heartbeat comes with the same key again.
        """
        return self._remembered(key)

    def _hmacs(self, key: str) -> tuple[str, ...]:
        return self._peppers.candidates(normalize(key))


def _letters(key: str) -> str | None:
    """Return the thirty letters of a well-formed key of ours, else None."""
    text = key.upper()
    letters = text[len(PREFIX) :].translate(_FOLDED)
    if not text.startswith(PREFIX) or not set(letters) <= set(ALPHABET):
        return None
    body, check = letters[:_BODY_LENGTH], letters[_BODY_LENGTH:]
    return letters if hmac.compare_digest(check, _check(body)) else None


def _check(body: str) -> str:
    return spell(zlib.crc32((PREFIX + body).encode()) & 0x1FFFFFF, _CHECK_LENGTH)
