"""What a token must say, as data of an issuer's row: claims compared with exact values. Pure.

::

    required_claims   {"email_verified": true, "/realm_access/plan": ["pro", "team"]}
    admissions        [{"claims": {"repository": "acme/app"}, "tenant_id": "…", "role": "member"}]

A name that begins with a slash is a JSON Pointer (RFC 6901) into nested claims; any other is that
of a claim itself. A list of values allows each of them. Compared are type and value: there are no
patterns, for a pattern is what attackers look for.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from identity.errors import Cause, InvalidCredential, UnusableIssuer
from identity.rules import Role

Scalar = str | int | bool
_ADMISSION_MEMBERS: Final = {"claims", "tenant_id", "role"}


@dataclass(frozen=True, slots=True)
class Condition:
    """One claim and the values it may have."""

    claim: str
    values: tuple[Scalar, ...]

    def holds(self, claims: Mapping[str, Any]) -> bool:
        """Return whether the claim is there and is one of the values, of the same type."""
        said = claim_of(claims, self.claim)
        return any(type(said) is type(value) and said == value for value in self.values)


@dataclass(frozen=True, slots=True)
class Admission:
    """Whose tokens belong to one tenant, and with which role, where no claim says so."""

    conditions: tuple[Condition, ...]
    tenant_id: UUID
    role: Role | None

    def names(self) -> frozenset[str]:
        """Return the claims that are compared."""
        return frozenset(condition.claim for condition in self.conditions)


def claim_of(claims: Mapping[str, Any], name: str) -> Any:
    """Return a claim by its name or JSON Pointer, or None when it is not there."""
    if not name.startswith("/"):
        return claims.get(name)
    found: Any = claims
    for part in name[1:].split("/"):
        if not isinstance(found, Mapping):
            return None
        found = found.get(part.replace("~1", "/").replace("~0", "~"))
    return found


def require_all(claims: Mapping[str, Any], conditions: Iterable[Condition]) -> None:
    """Raise InvalidCredential unless every condition holds."""
    for condition in conditions:
        if not condition.holds(claims):
            raise InvalidCredential(f"the claim {condition.claim} is not as required", Cause.CLAIMS)


def admitted(claims: Mapping[str, Any], admissions: Iterable[Admission]) -> Admission:
    """Return the one admission whose conditions all hold.

    Raises InvalidCredential for none, and for more than one: nobody could say which was meant.
    """
    found = [
        admission
        for admission in admissions
        if all(condition.holds(claims) for condition in admission.conditions)
    ]
    if len(found) != 1:
        raise InvalidCredential(f"{len(found)} admissions fit the token", Cause.CLAIMS)
    return found[0]


def read_conditions(data: object) -> tuple[Condition, ...]:
    """Return the conditions that a JSON object says. Raises UnusableIssuer."""
    if not isinstance(data, dict):
        raise UnusableIssuer("conditions must be an object of claims and values")
    return tuple(Condition(_name(name), _values(value)) for name, value in data.items())


def read_admissions(data: object) -> tuple[Admission, ...]:
    """Return the admissions that a JSON list says. Raises UnusableIssuer."""
    if not isinstance(data, list):
        raise UnusableIssuer("admissions must be a list")
    return tuple(_admission(entry) for entry in data)


def _admission(entry: object) -> Admission:
    if not isinstance(entry, dict) or not entry.keys() <= _ADMISSION_MEMBERS:
        raise UnusableIssuer(f"an admission has the members {sorted(_ADMISSION_MEMBERS)}")
    try:
        role = Role(entry["role"]) if entry.get("role") else None
        return Admission(read_conditions(entry.get("claims")), UUID(entry.get("tenant_id")), role)
    except (ValueError, TypeError, AttributeError) as error:
        raise UnusableIssuer("an admission names a tenant by its UUID, and a known role") from error


def _name(name: object) -> str:
    if not isinstance(name, str) or not name or name == "/":
        raise UnusableIssuer("a condition without the name of a claim")
    return name


def _values(value: object) -> tuple[Scalar, ...]:
    values = value if isinstance(value, list) else [value]
    if not values or not all(isinstance(one, Scalar) for one in values):
        raise UnusableIssuer("a condition compares with a text, whole number or boolean, or a list")
    return tuple(values)
