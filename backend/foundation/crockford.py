"""Crockford's base32: numbers as letters that people do not mix up."""

from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def spell(number: int, length: int) -> str:
    """Return the lowest five bits times ``length`` of a number, the highest first, in capitals."""
    return "".join(ALPHABET[(number >> 5 * place) & 31] for place in reversed(range(length)))
