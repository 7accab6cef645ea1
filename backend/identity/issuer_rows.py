"""Rows for well-known issuers, as their presets want them; not saved yet."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from identity.models import TrustedIssuer
from identity.presets import (
    GITHUB_ISSUER,
    GITHUB_KEYS,
    GOOGLE_ISSUER,
    GOOGLE_KEYS,
    GOOGLE_OTHER_NAME,
    IDENTITY_PLATFORM_ISSUER,
    IDENTITY_PLATFORM_KEYS,
    Preset,
)
from identity.rules import Membership, PrincipalKind, Role

_RS256: Final = ["RS256"]
_BOTH: Final = ["Ed25519", "RS256"]


def identity_platform(
    *, project: str, membership: Membership, staff_claim: str = ""
) -> TrustedIssuer:
    """Return the row for the users of a project of Identity Platform.

    Their tenant is ``firebase.tenant`` as mapped, or the custom claim ``tenant_id``.
    """
    return TrustedIssuer(
        issuer=IDENTITY_PLATFORM_ISSUER + project,
        audience=project,
        kind=PrincipalKind.USER.value,
        preset=Preset.IDENTITY_PLATFORM.value,
        algorithms=_RS256,
        jwks_uri=IDENTITY_PLATFORM_KEYS,
        maps_tenant_names=True,
        membership=membership.value,
        staff_claim=staff_claim,
    )


def google_service_accounts(*, audience: str) -> TrustedIssuer:
    """Return the row for service accounts of Google Cloud; admissions say which are taken."""
    return TrustedIssuer(
        issuer=GOOGLE_ISSUER,
        other_names=[GOOGLE_OTHER_NAME],
        audience=audience,
        kind=PrincipalKind.WORKLOAD.value,
        preset=Preset.GOOGLE_SERVICE_ACCOUNT.value,
        algorithms=_RS256,
        jwks_uri=GOOGLE_KEYS,
        role_claim="",
    )


def github_actions(*, audience: str) -> TrustedIssuer:
    """Return the row for jobs of GitHub Actions; admissions say of which repositories."""
    return TrustedIssuer(
        issuer=GITHUB_ISSUER,
        audience=audience,
        kind=PrincipalKind.WORKLOAD.value,
        preset=Preset.GITHUB_ACTIONS.value,
        algorithms=_RS256,
        jwks_uri=GITHUB_KEYS,
        role_claim="",
    )


def oidc(*, issuer: str, audience: str, kind: PrincipalKind, **fields: Any) -> TrustedIssuer:
    """Return the row of any issuer, whose keys are discovered unless ``fields`` say otherwise."""
    has_keys = bool(fields.get("jwks_uri") or fields.get("jwks"))
    return TrustedIssuer(
        issuer=issuer,
        audience=audience,
        kind=kind.value,
        preset=Preset.OIDC.value,
        algorithms=_BOTH,
        discovery=not has_keys,
        **fields,
    )


def admission(*, claims: Mapping[str, Any], tenant_id: UUID, role: Role | None) -> dict[str, Any]:
    """Return an admission as a row keeps it."""
    said: dict[str, Any] = {"claims": dict(claims), "tenant_id": str(tenant_id)}
    return said if role is None else {**said, "role": role.value}
