"""An edition: the key set and its revocation list, as one of the roots signed them."""

from dataclasses import dataclass
from typing import Final

from coditect_license_token import (
    KeySet,
    Revocations,
    Roots,
    TokenError,
    open_keyset,
    open_revocations,
    seal_keyset,
    seal_revocations,
)
from signing.errors import SigningUnavailable
from signing.signer import Signer

_RETRY_SECONDS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """Two compact JWS of one version under one root."""

    key_id: str
    keyset: str
    revocations: str

    def member(self) -> dict[str, str]:
        """Return it as the answer shows it."""
        return {"kid": self.key_id, "keyset": self.keyset, "revocations": self.revocations}


def seal_edition(keyset: KeySet, revocations: Revocations, *, root: Signer, now: int) -> Edition:
    """Have a root sign both documents, and verify them before they leave.

    Two root signatures. Raises SigningUnavailable.
    """
    roots = Roots([root.public_key])
    try:
        edition = Edition(
            key_id=root.key_id,
            keyset=seal_keyset(keyset, root=root),
            revocations=seal_revocations(revocations, root=root),
        )
        open_keyset(edition.keyset, roots=roots, now=now)
        open_revocations(edition.revocations, roots=roots, now=now)
    except TokenError as error:
        raise SigningUnavailable(
            "the root signed a key set that does not verify", retry_after_seconds=_RETRY_SECONDS
        ) from error
    return edition
