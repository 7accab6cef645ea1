"""The signature algorithms of Cloud KMS: which key each takes, and how it signs.

Source: the API's reference, CryptoKeyVersionAlgorithm. Left out: raw PKCS #1, secp256k1 and the
post-quantum ones.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from google.cloud import kms

# proto-plus has no types: mypy takes its enums for plain classes.
Algorithm: Final[Any] = kms.CryptoKeyVersion.CryptoKeyVersionAlgorithm
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
Hash = SHA256 | SHA384 | SHA512

_RSA_EXPONENT: Final = 65_537
_HASHES: Final[Mapping[str, Hash]] = MappingProxyType(
    {"sha256": SHA256(), "sha384": SHA384(), "sha512": SHA512()}
)


@dataclass(frozen=True, slots=True)
class Scheme:
    """One algorithm. ``material`` names the kind of key, ``digest`` the field of a digest.

    Without ``digest`` the whole message is signed (Ed25519).
    """

    material: str
    digest: str | None
    sign: Callable[[PrivateKey, bytes], bytes]

    @property
    def digest_size_bytes(self) -> int:
        """The length of the digest that is signed."""
        return _HASHES[self.digest].digest_size if self.digest else 0

    def to_be_signed(self, message: bytes) -> bytes:
        """Return what :attr:`sign` takes for a message: its digest, or the message itself."""
        return hashlib.new(self.digest, message).digest() if self.digest else message


def new_key(material: str) -> PrivateKey:
    """Return a fresh private key of a kind; RSA-4096 takes from 0.2 to several seconds."""
    family, _, size = material.partition("-")
    if family == "rsa":
        return rsa.generate_private_key(_RSA_EXPONENT, int(size))
    if family == "ec":
        return ec.generate_private_key(ec.SECP384R1() if size == "p384" else ec.SECP256R1())
    return ed25519.Ed25519PrivateKey.generate()


def _pkcs1(bits: int, digest: str) -> Scheme:
    def sign(key: PrivateKey, prehashed: bytes) -> bytes:
        assert isinstance(key, rsa.RSAPrivateKey)  # noqa: S101  the material says so
        return key.sign(prehashed, padding.PKCS1v15(), Prehashed(_HASHES[digest]))

    return Scheme(f"rsa-{bits}", digest, sign)


def _pss(bits: int, digest: str) -> Scheme:
    hashing = _HASHES[digest]
    scheme = padding.PSS(padding.MGF1(hashing), salt_length=hashing.digest_size)

    def sign(key: PrivateKey, prehashed: bytes) -> bytes:
        assert isinstance(key, rsa.RSAPrivateKey)  # noqa: S101  the material says so
        return key.sign(prehashed, scheme, Prehashed(hashing))

    return Scheme(f"rsa-{bits}", digest, sign)


def _ecdsa(curve: str, digest: str) -> Scheme:
    def sign(key: PrivateKey, prehashed: bytes) -> bytes:
        assert isinstance(key, ec.EllipticCurvePrivateKey)  # noqa: S101  the material says so
        return key.sign(prehashed, ec.ECDSA(Prehashed(_HASHES[digest])))

    return Scheme(f"ec-{curve}", digest, sign)


def _ed25519() -> Scheme:
    def sign(key: PrivateKey, message: bytes) -> bytes:
        assert isinstance(key, ed25519.Ed25519PrivateKey)  # noqa: S101  the material says so
        return key.sign(message)

    return Scheme("ed25519", None, sign)


SCHEMES: Final[Mapping[int, Scheme]] = MappingProxyType(
    {
        Algorithm.RSA_SIGN_PKCS1_2048_SHA256: _pkcs1(2048, "sha256"),
        Algorithm.RSA_SIGN_PKCS1_3072_SHA256: _pkcs1(3072, "sha256"),
        Algorithm.RSA_SIGN_PKCS1_4096_SHA256: _pkcs1(4096, "sha256"),
        Algorithm.RSA_SIGN_PKCS1_4096_SHA512: _pkcs1(4096, "sha512"),
        Algorithm.RSA_SIGN_PSS_2048_SHA256: _pss(2048, "sha256"),
        Algorithm.RSA_SIGN_PSS_3072_SHA256: _pss(3072, "sha256"),
        Algorithm.RSA_SIGN_PSS_4096_SHA256: _pss(4096, "sha256"),
        Algorithm.RSA_SIGN_PSS_4096_SHA512: _pss(4096, "sha512"),
        Algorithm.EC_SIGN_P256_SHA256: _ecdsa("p256", "sha256"),
        Algorithm.EC_SIGN_P384_SHA384: _ecdsa("p384", "sha384"),
        Algorithm.EC_SIGN_ED25519: _ed25519(),
    }
)
