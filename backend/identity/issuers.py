"""Whom we believe: the trusted issuers as an immutable table in memory."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from identity.errors import InvalidCredential, UnusableIssuer
from identity.jose import ALGORITHMS, IssuerKey
from identity.rules import PrincipalKind, Role

DEVELOPMENT_SUFFIX: Final = "/development"
"""How the name of every development issuer ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """One trusted issuer for one audience, and how its claims are read."""

    issuer: str
    audience: str
    kind: PrincipalKind
    keys: Mapping[str, IssuerKey]
    tenant_claim: str = "tenant_id"
    role_claim: str = "role"
    default_role: Role | None = None

    def key(self, key_id: str, algorithm: str) -> IssuerKey:
        """Return the key of this id; it must be one for the named algorithm.

        Raises InvalidCredential. The header's ``alg`` chooses nothing: it may only agree.
        """
        key = self.keys.get(key_id)
        if key is None:
            raise InvalidCredential("a key id the issuer does not have")
        if key.algorithm != algorithm:
            raise InvalidCredential("another algorithm than the key's")
        return key


def issuer_keys(jwks: Mapping[str, Any], algorithms: Iterable[str]) -> Mapping[str, IssuerKey]:
    """Return the keys of a JWK set by key id; every key must be for one of the algorithms.

    Raises UnusableIssuer: a set of which half can be used is a mistake to see, not to work around.
    """
    allowed = frozenset(algorithms)
    if not allowed or not allowed <= ALGORITHMS:
        raise UnusableIssuer(f"algorithms must be some of {sorted(ALGORITHMS)}")
    members = jwks.get("keys")
    if not isinstance(members, list) or not all(isinstance(jwk, dict) for jwk in members):
        raise UnusableIssuer("not a JWK set")
    keys = [IssuerKey.from_jwk(jwk) for jwk in members]
    by_id = {key.key_id: key for key in keys}
    if not by_id or len(by_id) != len(keys):
        raise UnusableIssuer("a JWK set without keys, or with a key id twice")
    if not {key.algorithm for key in keys} <= allowed:
        raise UnusableIssuer("a key for an algorithm that is not allowed")
    return MappingProxyType(by_id)


@dataclass(frozen=True, slots=True)
class IssuerTable:
    """All trusted issuers, found by exactly (issuer, audience) and never by trying."""

    issuers: tuple[Issuer, ...] = ()
    _by_route: Mapping[tuple[str, str], Issuer] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        routes = {(row.issuer, row.audience): row for row in self.issuers}
        object.__setattr__(self, "_by_route", MappingProxyType(routes))

    def find(self, issuer: object, audience: object) -> Issuer:
        """Return the issuer of this name for this audience, compared character by character.

        Raises InvalidCredential, also for an audience that is a list: a token for several
        audiences can be replayed here by each of the others.
        """
        if not isinstance(issuer, str) or not isinstance(audience, str):
            raise InvalidCredential("iss or aud is no text")
        found = self._by_route.get((issuer, audience))
        if found is None:
            raise InvalidCredential("an issuer that is not trusted for this audience")
        return found
