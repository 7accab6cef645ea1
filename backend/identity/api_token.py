"""API tokens of service accounts: how they are written, checked and stored. Pure.

``cdtsa1_`` and 65 letters of Crockford's base32 in lower case: 26 spell the tenant's id, 32 are 160
random bits, 7 a CRC-32 of all before them. The tenant stands in it so that the token can be looked
up within its tenant alone; it proves nothing. The check lets secret scanners be sure, and refuses a
made-up token without a database; it is no secret. One token has one spelling. Stored is only an
HMAC under a versioned pepper (docs/adr/0019).
"""

import re
import zlib
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from foundation.crockford import ALPHABET, spell
from foundation.peppers import Peppers

PREFIX: Final = "cdtsa1_"
RANDOM_BYTES: Final = 20
_TENANT_LENGTH, _RANDOM_LENGTH, _CHECK_LENGTH = 26, 32, 7
_BODY_LENGTH: Final = len(PREFIX) + _TENANT_LENGTH + _RANDOM_LENGTH
_LETTERS: Final = ALPHABET.lower()
_FORM: Final = re.compile(
    rf"{PREFIX}[{_LETTERS}]{{{_TENANT_LENGTH + _RANDOM_LENGTH + _CHECK_LENGTH}}}"
)
_MOST_UUID: Final = 2**128


@dataclass(frozen=True, slots=True)
class ApiTokenText:
    """A well-formed token. Nothing of it is verified: the tenant is where to look, and no more."""

    text: str
    tenant_id: UUID

    @property
    def hint(self) -> str:
        """The last four characters, which may be shown and logged."""
        return self.text[-4:]


def write(*, tenant_id: UUID, randomness: bytes) -> ApiTokenText:
    """Return the token that spells a tenant and 20 random bytes.

    Raises ValueError for another length. The caller brings randomness of the operating system.
    """
    if len(randomness) != RANDOM_BYTES:
        raise ValueError(f"an API token takes {RANDOM_BYTES} random bytes")
    tenant = spell(tenant_id.int, _TENANT_LENGTH)
    random = spell(int.from_bytes(randomness, "big"), _RANDOM_LENGTH)
    body = PREFIX + (tenant + random).lower()
    return ApiTokenText(body + _check(body), tenant_id)


def looks_like_one(credential: str) -> bool:
    """Return whether a bearer credential means to be an API token: a JWT never begins so."""
    return credential.startswith(PREFIX)


def parse(credential: str) -> ApiTokenText | None:
    """Return the token that a text spells, or None when it is none of ours."""
    if _FORM.fullmatch(credential) is None:
        return None
    if credential[_BODY_LENGTH:] != _check(credential[:_BODY_LENGTH]):
        return None
    number = _number(credential[len(PREFIX) : len(PREFIX) + _TENANT_LENGTH])
    return ApiTokenText(credential, UUID(int=number)) if number < _MOST_UUID else None


def stored_as(token: ApiTokenText, peppers: Peppers) -> str:
    """Return what is stored of a new token: 64 hexadecimal digits."""
    return peppers.current(token.text)


def lookups(token: ApiTokenText, peppers: Peppers) -> tuple[str, ...]:
    """Return what may be stored of a token, under each pepper still in use."""
    return peppers.candidates(token.text)


def _check(body: str) -> str:
    return spell(zlib.crc32(body.encode("ascii")), _CHECK_LENGTH).lower()


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number << 5 | _LETTERS.index(letter)
    return number
