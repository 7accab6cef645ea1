"""What well-known issuers demand beyond the general rules, in code that no row can loosen. Pure.

Sources: Identity Platform, "Verify ID tokens"; Google Cloud, "Verify the identity of a service
account token"; GitHub, "OpenID Connect reference". Looked up 2026-11.
"""

import enum
from collections.abc import Callable, Mapping
from typing import Any, Final

from identity.errors import Cause, InvalidCredential, UnusableIssuer
from identity.issuers import Issuer
from identity.rules import Membership, PrincipalKind

IDENTITY_PLATFORM_ISSUER: Final = "https://securetoken.google.com/"
IDENTITY_PLATFORM_KEYS: Final = (
    "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com"
)
GOOGLE_ISSUER: Final = "https://accounts.google.com"
GOOGLE_OTHER_NAME: Final = "accounts.google.com"
GOOGLE_KEYS: Final = "https://www.googleapis.com/oauth2/v3/certs"
GITHUB_ISSUER: Final = "https://token.actions.githubusercontent.com"
GITHUB_KEYS: Final = f"{GITHUB_ISSUER}/.well-known/jwks"


class Preset(enum.Enum):
    """Which exact rules a row follows; OIDC has none but the general ones."""

    OIDC = "oidc"
    IDENTITY_PLATFORM = "identity_platform"
    GOOGLE_SERVICE_ACCOUNT = "google_service_account"
    GITHUB_ACTIONS = "github_actions"


def require_sound(issuer: Issuer) -> None:
    """Raise UnusableIssuer for a row that its preset does not allow."""
    _SOUND[Preset(issuer.preset)](issuer)


def require_rules(claims: Mapping[str, Any], issuer: Issuer, *, latest: float) -> None:
    """Raise InvalidCredential for a token that breaks a rule of its issuer's preset.

    ``latest`` is the present with the skew of clocks, in seconds since the epoch.
    """
    _RULES[Preset(issuer.preset)](claims, latest)


def _sound_oidc(issuer: Issuer) -> None:
    if not issuer.admissions and not issuer.tenant_claim:
        raise UnusableIssuer("neither a claim nor an admission says whose its tokens are")


def _sound_identity_platform(issuer: Issuer) -> None:
    if issuer.issuer != IDENTITY_PLATFORM_ISSUER + issuer.audience or not issuer.audience:
        raise UnusableIssuer("iss is https://securetoken.google.com/PROJECT, and aud the project")
    if issuer.kind is not PrincipalKind.USER or issuer.other_names or issuer.admissions:
        raise UnusableIssuer("Identity Platform has users, one name and no admissions")


def _sound_workloads(issuer: Issuer, *, names: frozenset[str], at_least: frozenset[str]) -> None:
    if issuer.issuer not in names or not set(issuer.other_names) <= names:
        raise UnusableIssuer(f"iss is one of {sorted(names)}")
    if issuer.kind is not PrincipalKind.WORKLOAD or issuer.membership is not Membership.NONE:
        raise UnusableIssuer("its callers are workloads, and no members")
    if issuer.audience.startswith(GOOGLE_ISSUER) or not issuer.audience:
        raise UnusableIssuer("the audience is this platform's own name")
    if not issuer.admissions:
        raise UnusableIssuer("anybody can have its tokens: admissions must say whose are taken")
    if not all(at_least <= admission.names() for admission in issuer.admissions):
        raise UnusableIssuer(f"every admission compares {sorted(at_least)}")


def _sound_google(issuer: Issuer) -> None:
    names = frozenset({GOOGLE_ISSUER, GOOGLE_OTHER_NAME})
    _sound_workloads(issuer, names=names, at_least=frozenset({"sub", "email"}))


def _sound_github(issuer: Issuer) -> None:
    _sound_workloads(issuer, names=frozenset({GITHUB_ISSUER}), at_least=frozenset({"repository"}))


def _no_rules(claims: Mapping[str, Any], latest: float) -> None:
    del claims, latest


def _identity_platform_rules(claims: Mapping[str, Any], latest: float) -> None:
    signed_in_at = claims.get("auth_time")
    if type(signed_in_at) is not int or not 0 < signed_in_at <= latest:
        raise InvalidCredential("auth_time is missing or in the future", Cause.CLAIMS)
    if claims.get("sub") != claims.get("user_id"):
        raise InvalidCredential("sub is not user_id", Cause.CLAIMS)


def _google_rules(claims: Mapping[str, Any], latest: float) -> None:
    del latest
    if claims.get("email_verified") is not True:
        raise InvalidCredential("email_verified is not true", Cause.CLAIMS)


_SOUND: Final[dict[Preset, Callable[[Issuer], None]]] = {
    Preset.OIDC: _sound_oidc,
    Preset.IDENTITY_PLATFORM: _sound_identity_platform,
    Preset.GOOGLE_SERVICE_ACCOUNT: _sound_google,
    Preset.GITHUB_ACTIONS: _sound_github,
}
_RULES: Final[dict[Preset, Callable[[Mapping[str, Any], float], None]]] = {
    Preset.OIDC: _no_rules,
    Preset.IDENTITY_PLATFORM: _identity_platform_rules,
    Preset.GOOGLE_SERVICE_ACCOUNT: _google_rules,
    Preset.GITHUB_ACTIONS: _no_rules,
}
