"""The two signature algorithms. The key decides which one; a document may only repeat it.

RS256 is RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518, section 3.3); with a 4096-bit key it is what
Cloud KMS calls RSA_SIGN_PKCS1_4096_SHA256. Ed25519 is RFC 8032, named as in RFC 9864.
"""

import enum
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from coditect_license_token.errors import BadSignature, MalformedDocument

CryptographyKey = RSAPublicKey | Ed25519PublicKey

RSA_SIGN_PKCS1_4096_SHA256: Final = "RSA_SIGN_PKCS1_4096_SHA256"
RSA_KEY_BITS: Final = 4096
RSA_PUBLIC_EXPONENT: Final = 65537


class Algorithm(enum.Enum):
    """How a key signs; the value is the JOSE name used as `alg`."""

    RS256 = "RS256"
    ED25519 = "Ed25519"

    @property
    def signature_bytes(self) -> int:
        """The length of every signature of this algorithm, in bytes (RS256: of a 4096-bit key)."""
        return 512 if self is Algorithm.RS256 else 64


def algorithm_of(public_key: object) -> Algorithm:
    """Name the one algorithm a key signs with.

    Raises MalformedDocument unless the key is Ed25519, or RSA with exactly 4096 bits and the
    exponent 65537: KMS makes no others, and small exponents are what PKCS#1 v1.5 forgeries need.
    """
    if isinstance(public_key, Ed25519PublicKey):
        return Algorithm.ED25519
    if not isinstance(public_key, RSAPublicKey):
        raise MalformedDocument("a key that is neither RSA nor Ed25519")
    if public_key.key_size != RSA_KEY_BITS:
        raise MalformedDocument(f"an RSA key of {public_key.key_size} bits, not {RSA_KEY_BITS}")
    if public_key.public_numbers().e != RSA_PUBLIC_EXPONENT:
        raise MalformedDocument(f"an RSA key whose exponent is not {RSA_PUBLIC_EXPONENT}")
    return Algorithm.RS256


def verify(
    algorithm: Algorithm, public_key: CryptographyKey, message: bytes, signature: bytes
) -> None:
    """Return if the signature of the message is good, and raise if not.

    Raises BadSignature, also when the key is not of the algorithm. Does not check the size of the
    key: `algorithm_of` does, once, when a key is loaded.
    """
    try:
        if algorithm is Algorithm.RS256 and isinstance(public_key, RSAPublicKey):
            return public_key.verify(signature, message, PKCS1v15(), SHA256())
        if algorithm is Algorithm.ED25519 and isinstance(public_key, Ed25519PublicKey):
            return public_key.verify(signature, message)
    except InvalidSignature as error:
        raise BadSignature("the signature does not verify") from error
    raise BadSignature("the key is not of this algorithm")
