"""The key that signs checkpoints of the audit: Ed25519, and nothing else is signed with it.

It is apart from the root, so that whoever may sign licenses cannot vouch for the books, nor the
other way round (docs/adr/0020).
"""

from pathlib import Path
from typing import Final, Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from coditect_license_token import Algorithm, PublicKey
from foundation.private_files import UnsafeFile, kept
from signing.errors import UnsafeKey

_CAPTION: Final = (
    b"# Signs checkpoints of the audit. Keep a copy where no backup of the ledger is.\n"
)


class CheckpointKey:
    """An Ed25519 key from a secret, or from a file made at first use."""

    def __init__(self, private_key: Ed25519PrivateKey) -> None:
        self._private_key = private_key
        self.public_key = PublicKey.from_cryptography(private_key.public_key())

    @classmethod
    def open(cls, path: Path) -> Self:
        """Return the key in a file (PKCS #8, PEM), made when it is missing. Raises UnsafeKey."""
        try:
            pem = kept(path, _new_key)
        except UnsafeFile as mistake:
            raise UnsafeKey(str(mistake)) from mistake
        return cls.from_pem(pem, place=str(path))

    @classmethod
    def from_pem(cls, pem: bytes, *, place: str) -> Self:
        """Return the key of a PEM text; ``place`` says in errors where it is from.

        Raises UnsafeKey for what is no Ed25519 key without a password.
        """
        try:
            key = load_pem_private_key(pem, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):  # its text may quote the secret
            raise UnsafeKey(f"{place} holds no private key that can be read") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise UnsafeKey(f"{place} holds no Ed25519 key")
        return cls(key)

    @property
    def algorithm(self) -> Algorithm:
        """Ed25519."""
        return self.public_key.algorithm

    @property
    def key_id(self) -> str:
        """The RFC 7638 thumbprint of the public key."""
        return self.public_key.key_id

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature of the message; about 30 µs, never blocks."""
        return self._private_key.sign(message)


def _new_key() -> bytes:
    key = Ed25519PrivateKey.generate()
    return _CAPTION + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
