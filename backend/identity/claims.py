"""From the claims of a verified token to a principal. Pure: the time is an argument."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from identity.errors import InvalidCredential, MissingTenant
from identity.issuers import Issuer
from identity.rules import Principal, Role

SKEW_SECONDS: Final = 60
"""How far an issuer's clock and ours may differ, either way (Identity Platform's own rule)."""

_MOST_SECONDS: Final = 2**53 - 1


def read_claims(claims: Mapping[str, Any], issuer: Issuer, *, now: float) -> Principal:
    """Return the principal a verified token speaks for.

    ``now`` is in seconds since the epoch. Raises InvalidCredential for times, subject or role of
    another form or out of force, MissingTenant when no tenant is named.
    Does not check that the tenant exists, nor ``iss`` and ``aud``: the issuer table did.
    """
    _require_in_force(claims, now)
    tenant_id = _tenant(claims.get(issuer.tenant_claim))
    role = _role(claims, issuer)
    subject = claims.get("sub")
    try:
        if isinstance(subject, str):
            return Principal(kind=issuer.kind, tenant_id=tenant_id, subject=subject, role=role)
    except ValueError as error:
        raise InvalidCredential("a subject of an impossible form") from error
    raise InvalidCredential("a subject that is no text")


def _require_in_force(claims: Mapping[str, Any], now: float) -> None:
    issued_at, expires = _seconds(claims.get("iat")), _seconds(claims.get("exp"))
    not_before = _seconds(claims.get("nbf", issued_at))
    if expires <= issued_at:
        raise InvalidCredential("a token that ends before it begins")
    if now >= expires + SKEW_SECONDS:
        raise InvalidCredential("expired")
    if max(issued_at, not_before) > now + SKEW_SECONDS:
        raise InvalidCredential("not yet valid")


def _seconds(value: object) -> int:
    if type(value) is not int or not 0 <= value <= _MOST_SECONDS:
        raise InvalidCredential("a time that is missing, or is not whole seconds since the epoch")
    return value


def _tenant(value: object) -> UUID:
    if value is None:
        raise MissingTenant("the token names no tenant")
    if not isinstance(value, str):
        raise InvalidCredential("a tenant that is no text")
    try:
        tenant_id = UUID(value)
    except ValueError as error:
        raise InvalidCredential("a tenant that is no UUID") from error
    if str(tenant_id) != value:
        raise InvalidCredential("a tenant in another spelling than a UUID's own")
    return tenant_id


def _role(claims: Mapping[str, Any], issuer: Issuer) -> Role | None:
    if issuer.role_claim not in claims:
        return issuer.default_role
    try:
        return Role(claims[issuer.role_claim])
    except (ValueError, TypeError) as error:
        raise InvalidCredential("a role that does not exist") from error
