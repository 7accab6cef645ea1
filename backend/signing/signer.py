"""A private key, wherever it lives: it takes bytes and knows no documents."""

from typing import Protocol

from coditect_license_token import Algorithm, PublicKey


class Signer(Protocol):
    """One private key. The token package's signer, and its public half beside it.

    Every implementation passes the conformance suite in tests/unit/test_signing_signers.py.
    """

    @property
    def algorithm(self) -> Algorithm:
        """The one algorithm of the key."""

    @property
    def key_id(self) -> str:
        """The RFC 7638 thumbprint of the public key, 43 characters."""

    @property
    def public_key(self) -> PublicKey:
        """The public half. It is kept in memory: asking never fails and never waits."""

    def sign(self, message: bytes) -> bytes:
        """Return the signature of the message: 512 bytes for RS256, 64 for Ed25519.

        May block for as long as the key takes; safe for threads. Raises SigningUnavailable.
        Does not verify what it returns: whoever lets a signature out does.
        """
