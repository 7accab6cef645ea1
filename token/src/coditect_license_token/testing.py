"""The signer that tests use: a private key in memory. Nothing in production imports this."""

from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from coditect_license_token.algorithms import RSA_KEY_BITS, RSA_PUBLIC_EXPONENT, Algorithm
from coditect_license_token.public_key import PublicKey


class InMemorySigner:
    """A `Signer` whose private key lives in this process for as long as the object does."""

    def __init__(self, private_key: RSAPrivateKey | Ed25519PrivateKey) -> None:
        self._private_key = private_key
        self.public_key = PublicKey.from_cryptography(private_key.public_key())

    @classmethod
    def generate_root(cls) -> Self:
        """Make an RSA-4096 root; that takes about a second."""
        return cls(generate_private_key(RSA_PUBLIC_EXPONENT, RSA_KEY_BITS))

    @classmethod
    def generate_signer(cls) -> Self:
        """Make an Ed25519 key for license tokens."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_pem(cls, pem: bytes) -> Self:
        """Load an unencrypted private key; TypeError if of another kind."""
        private_key = load_pem_private_key(pem, password=None)
        if not isinstance(private_key, RSAPrivateKey | Ed25519PrivateKey):
            raise TypeError("neither an RSA nor an Ed25519 private key")
        return cls(private_key)

    @property
    def key_id(self) -> str:
        """The thumbprint of the public key."""
        return self.public_key.key_id

    @property
    def algorithm(self) -> Algorithm:
        """The algorithm of the key."""
        return self.public_key.algorithm

    def sign(self, message: bytes) -> bytes:
        """Sign the bytes with the key's algorithm."""
        if isinstance(self._private_key, RSAPrivateKey):
            return self._private_key.sign(message, PKCS1v15(), SHA256())
        return self._private_key.sign(message)
