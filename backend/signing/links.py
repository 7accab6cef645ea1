"""What the active root says of the next one, for clients that know only the active one."""

from datetime import datetime
from typing import Final

from coditect_license_token import (
    KeySet,
    KeySetEntry,
    KeyStatus,
    PublicKey,
    Roots,
    TokenError,
    follow_links,
    seal_keyset,
)
from signing.errors import SigningUnavailable
from signing.signer import Signer

_LIFETIME_SECONDS: Final = 86_400
"""A link is a key set and needs an end; nobody compares it (docs/token-format.md, Links)."""

_LOWEST_PROFILE: Final = 1
_RETRY_SECONDS: Final = 5


def seal_link(
    root: Signer, successor: PublicKey, *, issuer: str, version: int, now: datetime
) -> str:
    """Return the key set in which a root names its successor, verified.

    Raises SigningUnavailable when the root does not sign, or signs wrongly.
    """
    issued_at = int(now.timestamp())
    named = KeySet(
        issuer=issuer,
        version=version,
        issued_at=issued_at,
        expires_at=issued_at + _LIFETIME_SECONDS,
        min_profile=_LOWEST_PROFILE,
        entries=(
            KeySetEntry(key=root.public_key, status=KeyStatus.ACTIVE, not_before=issued_at),
            KeySetEntry(key=successor, status=KeyStatus.NEXT, not_before=issued_at),
        ),
    )
    try:
        link = seal_keyset(named, root=root)
    except TokenError as error:
        raise _wrong() from error
    if successor not in follow_links([link], roots=Roots([root.public_key]), issuer=issuer):
        raise _wrong()
    return link


def _wrong() -> SigningUnavailable:
    return SigningUnavailable(
        "the root signed a link that does not hold", retry_after_seconds=_RETRY_SECONDS
    )
