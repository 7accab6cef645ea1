"""Identifiers that nobody can guess.

Randomness comes from the operating system for many identifiers at a time: a system call for each
would hand the interpreter lock over each time, in the middle of a batch.
"""

import os
import uuid
from collections import deque
from typing import Final

from foundation.clock import unix_milliseconds

REQUEST_ID_CHARACTERS: Final = 16
_BLOCK: Final = 16
_BLOCKS_AT_A_TIME: Final = 256

_VERSION_AND_VARIANT: Final = (0xF << 76) | (0b11 << 62)
_VERSION_8: Final = (0x8 << 76) | (0b10 << 62)
_VERSION_7: Final = (0x7 << 76) | (0b10 << 62)

_blocks: deque[bytes] = deque()
os.register_at_fork(after_in_child=_blocks.clear)  # else parent and child would share ids


def new_id() -> uuid.UUID:
    """Return an identifier that sorts by time: UUID version 7, 74 random bits (RFC 9562).

    Rows made one after the other lie side by side in their indexes, so a commit writes fewer
    pages.
    """
    return uuid.UUID(int=_time_ordered())


def new_hex_id() -> str:
    """Return another one, as the 32 hexadecimal digits that ledgers keep."""
    return f"{_time_ordered():032x}"


def made_id(digest: bytes) -> uuid.UUID:
    """Return the identifier that a digest of 16 bytes or more makes: UUID version 8 (RFC 9562).

    Nobody can guess it who cannot make the digest.
    """
    number = int.from_bytes(digest[:16], "big") & ~_VERSION_AND_VARIANT
    return uuid.UUID(int=number | _VERSION_8)


def new_trace_id() -> str:
    """Return an identifier for one trace: 32 hexadecimal characters (W3C Trace Context).

    The first 16 serve as the identifier of the request that begins it.
    """
    return _random_block().hex()


def _time_ordered() -> int:
    head = unix_milliseconds().to_bytes(6, "big")
    number = int.from_bytes(head + _random_block()[:10], "big")
    return number & ~_VERSION_AND_VARIANT | _VERSION_7


def _random_block() -> bytes:
    """Return 16 random bytes that nobody gets again; popping them off is one step for threads."""
    while True:
        try:
            return _blocks.popleft()
        except IndexError:
            fresh = os.urandom(_BLOCK * _BLOCKS_AT_A_TIME)
            starts = range(0, len(fresh), _BLOCK)
            _blocks.extend(fresh[start : start + _BLOCK] for start in starts)
