"""Which root keys are believed: the pinned ones, and what a key set signed by them adds or revokes.

The network can never begin trust. It can carry a key set, and that is believed only under a pinned
root, and only if its version is not lower than the highest seen.
"""

from pathlib import Path

from coditect_license_sdk.errors import ConfigurationError, RootsMissing, VerificationFailed
from coditect_license_token import (
    KeySet,
    KeyStatus,
    MalformedDocument,
    Roots,
    TokenError,
    open_keyset,
)


def load_roots(source: Roots | Path | str | bytes | None) -> Roots:
    """Pin roots given as such, as PEM bytes, or as the path of a PEM file.

    Raises RootsMissing when there are none, ConfigurationError when they cannot be read.
    """
    if source is None:
        raise RootsMissing
    roots = source if isinstance(source, Roots) else _read_roots(source)
    if not roots:
        raise RootsMissing
    return roots


def _read_roots(source: Path | str | bytes) -> Roots:
    try:
        return Roots.from_pem(source if isinstance(source, bytes) else Path(source).read_bytes())
    except OSError as error:
        raise ConfigurationError(f"the file of root keys cannot be read: {error}") from error
    except MalformedDocument as error:
        raise ConfigurationError(f"the root keys are not PEM public keys: {error}") from error


class Trust:
    """The roots believed now. `keyset` is the highest key set seen, as it came."""

    def __init__(
        self, pinned: Roots, *, keyset: str | None = None, lowest_version: int = 0
    ) -> None:
        self.pinned = pinned
        self.roots = pinned
        self.keyset = keyset
        self.version = lowest_version

    def absorb(self, keyset: str, *, now: int) -> None:
        """Believe a key set, or raise VerificationFailed and change nothing.

        `now` is in seconds since the epoch. A key set lists every root of its issuer: it adds
        roots, and revokes pinned ones.
        """
        try:
            opened = open_keyset(keyset, roots=self.roots, now=now, lowest_version=self.version)
        except TokenError as error:
            raise VerificationFailed(f"the key set does not hold: {error}") from error
        self.roots = _with_keyset(self.pinned, opened, now)
        self.keyset, self.version = keyset, opened.version


def _with_keyset(pinned: Roots, keyset: KeySet, now: int) -> Roots:
    revoked = {entry.key.key_id for entry in keyset.entries if entry.status is KeyStatus.REVOKED}
    believed = [key for key in pinned if key.key_id not in revoked]
    return Roots([*believed, *keyset.roots(now=now)])
