"""The root key of a machine of one's own: a file instead of Cloud KMS."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final, Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from coditect_license_token import Algorithm, MalformedDocument, PublicKey, TokenError
from foundation.private_files import UnsafeFile, kept
from signing import counts
from signing.errors import UnsafeKey

_log = logging.getLogger(__name__)

_signed: Final = counts.signatures("local", "signed")

_RSA_BITS: Final = 4096
_RSA_EXPONENT: Final = 65537
_PROBE: Final = b"a key that was damaged on disk does not verify this"
_CAPTION: Final = b"# Development key, never for production.\n"


class LocalSigner:
    """Signs RS256 with an RSA-4096 key held in this process. For development only.

    About 2 ms of CPU a signature; the work releases the interpreter's lock, so threads help.
    """

    is_development: Final = True

    def __init__(self, private_key: RSAPrivateKey) -> None:
        self._private_key = private_key
        self.public_key = PublicKey.from_cryptography(private_key.public_key())

    @classmethod
    def open(cls, path: Path, *, make: Callable[[], bytes] | None = None) -> Self:
        """Return the signer whose key is in the file (PKCS #8, PEM), made when it is missing.

        ``make`` gives the PEM of a new key, by default of one that nobody has seen.

        Making one takes from 0.2 to several seconds, once; opening takes about 5 ms. OpenSSL's
        proof that a loaded key is consistent (primality above all) costs 260 ms and is skipped: it
        guards against keys from strangers, and whoever can write this file of mode 0600 can put a
        sound key of his own there. Against damage on disk one signature is made and verified.
        Warns in the log that this is a development key. Raises UnsafeKey.
        """
        try:
            pem = kept(path, make or _new_key)
        except UnsafeFile as mistake:
            raise UnsafeKey(str(mistake)) from mistake
        signer = cls._proven(pem, path)
        _log.warning("signing with the development key %s in %s", signer.key_id, path)
        return signer

    @classmethod
    def _proven(cls, pem: bytes, path: Path) -> Self:
        try:
            key = load_pem_private_key(pem, password=None, unsafe_skip_rsa_key_validation=True)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise UnsafeKey(f"{path} holds no private key that can be read") from error
        if not isinstance(key, RSAPrivateKey):
            raise UnsafeKey(f"{path} holds no RSA key")
        try:
            signer = cls(key)
            signer.public_key.verify(_PROBE, signer.sign(_PROBE))
        except MalformedDocument as error:
            raise UnsafeKey(f"{path} holds no RSA key of {_RSA_BITS} bits") from error
        except (TokenError, ValueError) as error:
            raise UnsafeKey(f"{path} holds a damaged key") from error
        return signer

    @property
    def algorithm(self) -> Algorithm:
        """RS256, which with this size of key is RSA_SIGN_PKCS1_4096_SHA256."""
        return self.public_key.algorithm

    @property
    def key_id(self) -> str:
        """The RFC 7638 thumbprint of the public key."""
        return self.public_key.key_id

    def sign(self, message: bytes) -> bytes:
        """Return the 512-byte signature of the message. Blocks for about 2 ms."""
        signature = self._private_key.sign(message, PKCS1v15(), SHA256())
        _signed()
        return signature


def _new_key() -> bytes:
    key = generate_private_key(_RSA_EXPONENT, _RSA_BITS)
    return _CAPTION + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
