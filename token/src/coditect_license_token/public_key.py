"""A public key under its one name, the RFC 7638 thumbprint."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self, cast

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

from coditect_license_token import _shape, strict_base64, strict_json
from coditect_license_token.algorithms import Algorithm, CryptographyKey, algorithm_of, verify
from coditect_license_token.errors import MalformedDocument

_KEY_MEMBERS = {"RSA": frozenset({"kty", "n", "e"}), "OKP": frozenset({"kty", "crv", "x"})}
_LABELS = frozenset({"kid", "alg", "use", "key_ops"})
_MAX_RSA_CHARACTERS = 683  # 512 bytes in base64url
_PEM_BEGIN = b"-----BEGIN PUBLIC KEY-----"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """An RSA-4096 or Ed25519 public key. Made by its `from_…` methods; equal by thumbprint."""

    key_id: str
    algorithm: Algorithm = field(compare=False)
    _key: CryptographyKey = field(repr=False, compare=False)

    @classmethod
    def from_cryptography(cls, key: CryptographyKey) -> Self:
        """Take over a key of the `cryptography` library.

        Raises MalformedDocument unless it is Ed25519, or RSA with 4096 bits and exponent 65537.
        """
        algorithm = algorithm_of(key)
        return cls(_thumbprint(_members(key)), algorithm, key)

    @classmethod
    def from_pem(cls, pem: bytes | str) -> Self:
        """Read one PEM block of the type PUBLIC KEY (RFC 7468, section 13).

        Raises MalformedDocument for other types, more than one block, and keys of other sizes.
        """
        data = pem.encode("utf-8", "surrogatepass") if isinstance(pem, str) else pem
        if data.count(b"-----BEGIN") != 1 or _PEM_BEGIN not in data:
            raise MalformedDocument("not one PEM block of the type PUBLIC KEY")
        try:
            key = load_pem_public_key(data)
        except (ValueError, UnsupportedAlgorithm) as error:
            raise MalformedDocument("not a public key in PEM") from error
        return cls.from_cryptography(cast("CryptographyKey", key))  # which refuses other kinds

    @classmethod
    def from_jwk(cls, jwk: Mapping[str, object]) -> Self:
        """Read a JSON Web Key (RFC 7517, RFC 7518, RFC 8037).

        Members besides the key itself: `kid`, `alg`, `use`, `key_ops`, each optional and each
        required to agree with the key. Raises MalformedDocument for anything else, private
        members and certificates included.
        """
        key_type = jwk.get("kty")
        if not isinstance(key_type, str) or key_type not in _KEY_MEMBERS:
            raise MalformedDocument("kty is neither RSA nor OKP")
        _shape.require_members(jwk, _KEY_MEMBERS[key_type], _LABELS)
        key = cls.from_cryptography(_rsa_key(jwk) if key_type == "RSA" else _ed25519_key(jwk))
        expected = {**key.jwk(), "key_ops": ["verify"]}
        if any(jwk[name] != expected[name] for name in jwk):
            raise MalformedDocument("a JWK whose members disagree with its key")
        return key

    def jwk(self) -> dict[str, str]:
        """Give the key as a JSON Web Key with `kid`, `alg` and `use`."""
        labels = {"kid": self.key_id, "alg": self.algorithm.value, "use": "sig"}
        return {**_members(self._key), **labels}

    def pem(self) -> str:
        """Give the key as one PEM block of the type PUBLIC KEY."""
        data = self._key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return data.decode("ascii")

    def verify(self, message: bytes, signature: bytes) -> None:
        """Return if the signature is good, and raise BadSignature if not."""
        verify(self.algorithm, self._key, message, signature)


def _members(key: CryptographyKey) -> dict[str, str]:
    """Give the members that RFC 7638 hashes: no more, no fewer."""
    if isinstance(key, RSAPublicKey):
        numbers = key.public_numbers()
        return {"kty": "RSA", "n": _encode_integer(numbers.n), "e": _encode_integer(numbers.e)}
    return {"kty": "OKP", "crv": "Ed25519", "x": strict_base64.encode_url(key.public_bytes_raw())}


def _thumbprint(members: Mapping[str, str]) -> str:
    return strict_base64.encode_url(hashlib.sha256(strict_json.encode(members)).digest())


def _encode_integer(value: int) -> str:
    return strict_base64.encode_url(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _decode(value: object) -> bytes:
    if not isinstance(value, str) or len(value) > _MAX_RSA_CHARACTERS:
        raise MalformedDocument("a key member that is not base64url")
    return strict_base64.decode_url(value)


def _rsa_key(jwk: Mapping[str, object]) -> RSAPublicKey:
    modulus, exponent = (int.from_bytes(_decode(jwk[name]), "big") for name in ("n", "e"))
    try:
        return RSAPublicNumbers(exponent, modulus).public_key()
    except ValueError as error:
        raise MalformedDocument("RSA numbers that make no key") from error


def _ed25519_key(jwk: Mapping[str, object]) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(_decode(jwk["x"]))
    except ValueError as error:
        raise MalformedDocument("an Ed25519 key that is not 32 bytes") from error
