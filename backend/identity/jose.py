"""The one door to the JOSE library: signatures of other issuers in, development tokens out.

No type of the library leaves this file.
"""

from collections.abc import Mapping
from typing import Any, Final, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey, RSAKey

from coditect_license_token import MalformedDocument, strict_base64
from identity.errors import UnusableIssuer

FEWEST_RSA_BITS: Final = 2048  # RFC 7518, section 3.3
_PRIVATE_MEMBERS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_ED25519: Final = "Ed25519"
_RS256: Final = "RS256"
# The key decides the algorithm: one for each kind, and none that is symmetric.
ALGORITHMS: Final = frozenset({_RS256, _ED25519})

# CVE-2017-15361 ("ROCA"): chips of one vendor made primes from powers of 65537, and such a key can
# be factored. Its modulus is a power of 65537 modulo each of these primes; another's is so once in
# 2**27 times. Source: Nemec et al., "The Return of Coppersmith's Attack", section 3.
_SMALL_PRIMES: Final = [n for n in range(3, 168) if all(n % d for d in range(2, n))]
_WEAK_REMAINDERS: Final = {
    prime: frozenset(pow(65537, power, prime) for power in range(prime)) for prime in _SMALL_PRIMES
}


class IssuerKey:
    """A public key of an issuer. Its kind fixes the one algorithm it verifies."""

    def __init__(self, key: RSAKey | OKPKey, *, algorithm: str, key_id: str) -> None:
        self._key = key
        self._registry = jws.JWSRegistry(algorithms=[algorithm])
        self.algorithm = algorithm
        self.key_id = key_id

    @classmethod
    def from_jwk(cls, jwk: Mapping[str, Any]) -> Self:
        """Return the key of a JSON Web Key that has a ``kid`` and is public.

        Takes RSA of 2048 bits and more (RS256) and Ed25519. ``use``, ``key_ops`` and ``alg``, where
        present, must allow exactly that. Raises UnusableIssuer.
        """
        key_id = jwk.get("kid")
        if not isinstance(key_id, str) or not key_id or _PRIVATE_MEMBERS & jwk.keys():
            raise UnusableIssuer("a key without a key id, or with private members")
        key, algorithm = _key_of(jwk)
        expected = {"use": "sig", "key_ops": ["verify"], "alg": algorithm}
        if any(jwk.get(name, value) != value for name, value in expected.items()):
            raise UnusableIssuer(f"the key {key_id} is not one for {algorithm} signatures")
        return cls(key, algorithm=algorithm, key_id=key_id)

    def has_signed(self, token: str) -> bool:
        """Return whether this key signed the compact token with its own algorithm.

        Does not check that the token is canonical, nor its type or claims: parse it strictly first.
        """
        try:
            jws.deserialize_compact(token, self._key, registry=self._registry)
        except JoseError:
            return False
        return True


def mint_token(claims: Mapping[str, Any], *, private_key: Ed25519PrivateKey, key_id: str) -> str:
    """Return a compact JWT with the type ``JWT``, signed with Ed25519."""
    header = {"alg": _ED25519, "kid": key_id}
    return jwt.encode(header, dict(claims), OKPKey.import_key(private_key), algorithms=[_ED25519])


def _key_of(jwk: Mapping[str, Any]) -> tuple[RSAKey | OKPKey, str]:
    try:
        if jwk.get("kty") == "RSA":
            _require_sound(jwk.get("n"))
            return RSAKey.import_key(dict(jwk)), _RS256
        if jwk.get("kty") == "OKP" and jwk.get("crv") == _ED25519:
            return OKPKey.import_key(dict(jwk)), _ED25519
    except (JoseError, MalformedDocument, ValueError) as error:
        raise UnusableIssuer("a key that cannot be read") from error
    raise UnusableIssuer("a key that is neither RSA nor Ed25519")


def _require_sound(modulus: object) -> None:
    """Refuse a small or weak key before the library reads it: it would warn, or not know."""
    encoded = modulus if isinstance(modulus, str) else ""
    number = int.from_bytes(strict_base64.decode_url(encoded), "big")
    if number.bit_length() < FEWEST_RSA_BITS:
        raise UnusableIssuer(f"an RSA key of fewer than {FEWEST_RSA_BITS} bits")
    if all(number % prime in weak for prime, weak in _WEAK_REMAINDERS.items()):
        raise UnusableIssuer("an RSA key that can be factored (CVE-2017-15361)")
