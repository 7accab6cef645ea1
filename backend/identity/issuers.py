"""Whom we believe: the trusted issuers as an immutable table in memory."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Protocol

from identity.conditions import Admission, Condition
from identity.errors import Cause, InvalidCredential, UnusableIssuer
from identity.jose import ALGORITHMS, IssuerKey
from identity.rules import Membership, PrincipalKind, Role

MOST_KEYS: Final = 100

DEVELOPMENT_SUFFIX: Final = "/development"
"""How the name of every development issuer ends."""


class Keys(Protocol):
    """Where an issuer's keys are found: in its row, or fetched from its address."""

    def get(self, key_id: str, /) -> IssuerKey | None:
        """Return the key of an id, or None. May raise IssuerUnavailable, and may take seconds."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """One trusted issuer for one audience, and how its claims are read.

    ``other_names`` are further spellings of ``issuer``. What the rest means: identity/models.py.
    """

    issuer: str
    audience: str
    kind: PrincipalKind
    keys: Keys
    row_id: int = 0
    preset: str = "oidc"
    other_names: tuple[str, ...] = ()
    tenant_claim: str = "tenant_id"
    maps_tenant_names: bool = False
    role_claim: str = "role"
    default_role: Role | None = None
    membership: Membership = Membership.NONE
    staff_claim: str = ""
    required: tuple[Condition, ...] = ()
    admissions: tuple[Admission, ...] = ()

    def key(self, key_id: str, algorithm: str) -> IssuerKey:
        """Return the key of this id; it must be one for the named algorithm.

        Raises InvalidCredential. The header's ``alg`` chooses nothing: it may only agree.
        """
        key = self.keys.get(key_id)
        if key is None:
            raise InvalidCredential("a key id the issuer does not have", Cause.KEY)
        if key.algorithm != algorithm:
            raise InvalidCredential("another algorithm than the key's", Cause.KEY)
        return key


def issuer_keys(jwks: Mapping[str, Any], algorithms: Iterable[str]) -> Mapping[str, IssuerKey]:
    """Return the keys of a JWK set by key id; every key must be for one of the algorithms.

    Raises UnusableIssuer: a set of which half can be used is a mistake to see, not to work around.
    """
    allowed = allowed_algorithms(algorithms)
    keys = [IssuerKey.from_jwk(jwk) for jwk in _members(jwks)]
    by_id = {key.key_id: key for key in keys}
    if not by_id or len(by_id) != len(keys):
        raise UnusableIssuer("a JWK set without keys, or with a key id twice")
    if not {key.algorithm for key in keys} <= allowed:
        raise UnusableIssuer("a key for an algorithm that is not allowed")
    return MappingProxyType(by_id)


def usable_keys(jwks: Mapping[str, Any], algorithms: Iterable[str]) -> Mapping[str, IssuerKey]:
    """Return those keys of a JWK set that can be used, by key id; the others are left out.

    For sets that others publish: they hold encryption keys, curves and key types as they like. A
    key id that names two keys names none. Raises UnusableIssuer for a set without a usable key.
    """
    allowed = allowed_algorithms(algorithms)
    keys = [key for jwk in _members(jwks) if (key := _usable(jwk, allowed)) is not None]
    counts = Counter(key.key_id for key in keys)
    by_id = {key.key_id: key for key in keys if counts[key.key_id] == 1}
    if not by_id:
        raise UnusableIssuer("a JWK set without a key that can be used")
    return MappingProxyType(by_id)


def _usable(jwk: Mapping[str, Any], allowed: frozenset[str]) -> IssuerKey | None:
    try:
        key = IssuerKey.from_jwk(jwk)
    except UnusableIssuer:
        return None
    return key if key.algorithm in allowed else None


def allowed_algorithms(algorithms: Iterable[str]) -> frozenset[str]:
    """Return an issuer's algorithms. Raises UnusableIssuer for none, and for one not known here."""
    allowed = frozenset(algorithms)
    if not allowed or not allowed <= ALGORITHMS:
        raise UnusableIssuer(f"algorithms must be some of {sorted(ALGORITHMS)}")
    return allowed


def _members(jwks: Mapping[str, Any]) -> list[dict[str, Any]]:
    members = jwks.get("keys")
    if not isinstance(members, list) or not all(isinstance(jwk, dict) for jwk in members):
        raise UnusableIssuer("not a JWK set")
    if len(members) > MOST_KEYS:
        raise UnusableIssuer(f"a JWK set of more than {MOST_KEYS} keys")
    return members


@dataclass(frozen=True, slots=True)
class IssuerTable:
    """All trusted issuers, found by exactly (issuer, audience) and never by trying."""

    issuers: tuple[Issuer, ...] = ()
    _by_route: Mapping[tuple[str, str], Issuer] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        routes: dict[tuple[str, str], Issuer] = {}
        for row in self.issuers:
            for name in (row.issuer, *row.other_names):
                if routes.setdefault((name, row.audience), row) is not row:
                    raise UnusableIssuer(f"{name} for {row.audience} is in two rows")
        object.__setattr__(self, "_by_route", MappingProxyType(routes))

    def find(self, issuer: object, audience: object) -> Issuer:
        """Return the issuer of this name for this audience, compared character by character.

        Raises InvalidCredential, also for an audience that is a list: a token for several
        audiences can be replayed here by each of the others.
        """
        if not isinstance(issuer, str) or not isinstance(audience, str):
            raise InvalidCredential("iss or aud is no text", Cause.ISSUER)
        found = self._by_route.get((issuer, audience))
        if found is None:
            raise InvalidCredential("an issuer not trusted for this audience", Cause.ISSUER)
        return found
