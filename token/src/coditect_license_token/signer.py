"""What a document needs from whoever signs it."""

from typing import Protocol

from coditect_license_token.algorithms import Algorithm
from coditect_license_token.errors import UnknownKey


class Signer(Protocol):
    """A private key, wherever it lives. It signs bytes and knows no documents."""

    @property
    def key_id(self) -> str:
        """The RFC 7638 thumbprint of the public key, 43 characters."""

    @property
    def algorithm(self) -> Algorithm:
        """The one algorithm of the key."""

    def sign(self, message: bytes) -> bytes:
        """Return the signature of the message (512 bytes for RS256, 64 for Ed25519)."""


def require_algorithm(signer: Signer, algorithm: Algorithm) -> None:
    """Raise UnknownKey unless the signer signs with the given algorithm."""
    if signer.algorithm is not algorithm:
        raise UnknownKey(f"this document is signed with {algorithm.value} only")
