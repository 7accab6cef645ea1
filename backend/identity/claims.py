"""From the claims of a verified token to what it says of its bearer. Pure: the time is an argument.

Whether the tenant is here, and what the bearer is in it, is the register's to say.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from identity.conditions import admitted, claim_of, require_all
from identity.errors import Cause, InvalidCredential, InvalidEmail, MissingTenant
from identity.issuers import Issuer
from identity.presets import Preset, require_rules
from identity.rules import Membership, PrincipalKind, Role, is_subject, normalized_email

SKEW_SECONDS: Final = 60
"""How far an issuer's clock and ours may differ, either way (Identity Platform's own rule)."""

MOST_NAME_CHARACTERS: Final = 128
_NAME: Final = re.compile(rf"[!-~]{{1,{MOST_NAME_CHARACTERS}}}")
_MOST_SECONDS: Final = 2**53 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """What a verified token says of its bearer.

    ``row_id`` is that of the issuer's row. At least one of ``tenant_id`` and ``tenant_name`` (what
    the issuer calls it) is given; both must mean the same tenant. ``email`` is one that the issuer
    has verified, in lower case.
    """

    issuer: str
    row_id: int
    kind: PrincipalKind
    subject: str
    tenant_id: UUID | None
    tenant_name: str | None
    role: Role | None
    membership: Membership
    email: str | None
    is_staff: bool


def read_claims(claims: Mapping[str, Any], issuer: Issuer, *, now: float) -> Claimed:
    """Return what a verified token says.

    ``now`` is in seconds since the epoch. Raises InvalidCredential for times, subject, role or
    conditions that are not as they must be, MissingTenant when no tenant is named.
    Does not check that the tenant exists, nor ``iss`` and ``aud``: the issuer table did.
    """
    _require_in_force(claims, now)
    require_rules(claims, issuer, latest=now + SKEW_SECONDS)
    require_all(claims, issuer.required)
    tenant_id, tenant_name, role = _place(claims, issuer)
    return Claimed(
        issuer=issuer.issuer,
        row_id=issuer.row_id,
        kind=issuer.kind,
        subject=_subject(claims.get("sub")),
        tenant_id=tenant_id,
        tenant_name=tenant_name,
        role=role,
        membership=issuer.membership,
        email=_verified_email(claims),
        is_staff=_is_staff(claims, issuer),
    )


def _require_in_force(claims: Mapping[str, Any], now: float) -> None:
    issued_at, expires = _seconds(claims.get("iat")), _seconds(claims.get("exp"))
    not_before = _seconds(claims.get("nbf", issued_at))
    if expires <= issued_at:
        raise InvalidCredential("a token that ends before it begins", Cause.CLAIMS)
    if now >= expires + SKEW_SECONDS:
        raise InvalidCredential("expired", Cause.EXPIRED)
    if max(issued_at, not_before) > now + SKEW_SECONDS:
        raise InvalidCredential("not yet valid", Cause.CLAIMS)


def _seconds(value: object) -> int:
    if type(value) is not int or not 0 <= value <= _MOST_SECONDS:
        raise InvalidCredential("a time that is no whole seconds since the epoch", Cause.CLAIMS)
    return value


def _subject(value: object) -> str:
    if not isinstance(value, str) or not is_subject(value):
        raise InvalidCredential("a subject of an impossible form", Cause.CLAIMS)
    return value


def _place(
    claims: Mapping[str, Any], issuer: Issuer
) -> tuple[UUID | None, str | None, Role | None]:
    """Return tenant, name of tenant and role, as an admission or the claims say."""
    if issuer.admissions:
        admission = admitted(claims, issuer.admissions)
        return admission.tenant_id, None, admission.role or _role(claims, issuer)
    tenant_id, tenant_name = _tenant(claims, issuer)
    if tenant_id is None and tenant_name is None:
        raise MissingTenant("the token names no tenant")
    return tenant_id, tenant_name, _role(claims, issuer)


def _tenant(claims: Mapping[str, Any], issuer: Issuer) -> tuple[UUID | None, str | None]:
    named = claim_of(claims, issuer.tenant_claim)
    if issuer.preset == Preset.IDENTITY_PLATFORM.value:
        # Both may be there: its own name of the tenant, and the id that a custom claim repeats.
        return _tenant_id(named), _tenant_name(claim_of(claims, "/firebase/tenant"))
    if issuer.maps_tenant_names:
        return None, _tenant_name(named)
    return _tenant_id(named), None


def is_tenant_name(value: str) -> bool:
    """Return whether a token may call a tenant so: 1 to 128 printable characters, no blanks."""
    return _NAME.fullmatch(value) is not None


def _tenant_name(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not is_tenant_name(value):
        raise InvalidCredential("a tenant's name of an impossible form", Cause.CLAIMS)
    return value


def _tenant_id(value: object) -> UUID | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise InvalidCredential("a tenant that is no text", Cause.CLAIMS)
    try:
        tenant_id = UUID(value)
    except ValueError as error:
        raise InvalidCredential("a tenant that is no UUID", Cause.CLAIMS) from error
    if str(tenant_id) != value:
        raise InvalidCredential("a tenant in another spelling than a UUID's own", Cause.CLAIMS)
    return tenant_id


def _role(claims: Mapping[str, Any], issuer: Issuer) -> Role | None:
    if issuer.membership is Membership.REQUIRED or not issuer.role_claim:
        return issuer.default_role
    said = claim_of(claims, issuer.role_claim)
    if said is None and issuer.role_claim not in claims:
        return issuer.default_role
    try:
        return Role(said)
    except (ValueError, TypeError) as error:
        raise InvalidCredential("a role that does not exist", Cause.CLAIMS) from error


def _verified_email(claims: Mapping[str, Any]) -> str | None:
    """Return the address that the issuer says it has verified; any other counts for nothing."""
    email = claims.get("email")
    if not isinstance(email, str) or claims.get("email_verified") is not True:
        return None
    try:
        return normalized_email(email)
    except InvalidEmail:
        return None  # a person may have an address that nobody can invite


def _is_staff(claims: Mapping[str, Any], issuer: Issuer) -> bool:
    if not issuer.staff_claim:
        return False
    said = claim_of(claims, issuer.staff_claim)
    if said is not None and not isinstance(said, bool):
        raise InvalidCredential("a staff claim that is no boolean", Cause.CLAIMS)
    return said is True
