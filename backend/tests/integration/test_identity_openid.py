"""Tokens that a certified OpenID provider hands to its clients, by its own endpoints, over TLS."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from django.core.management import call_command
from django.test import override_settings

from identity import membership
from identity.errors import InvalidCredential, MissingTenant
from identity.operations import BearerVerifier
from identity.rules import Principal, PrincipalKind, Role
from identity.wiring import bearer_verifier_from_settings
from tenants.models import Tenant
from tests.support.openid import OpenIdProvider, openid_provider

PROJECT: Final = "coditect-citus-prod"
PLATFORM: Final = f"https://securetoken.google.com/{PROJECT}"
OURS: Final = "https://licenses.example"
CONSOLE: Final = "license-console"
OTHER_APP: Final = "another-app"
NOT_FOR_US: Final = "an issuer not trusted for this audience"


@pytest.fixture(scope="module")
def discovered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenIdProvider]:
    with openid_provider(tmp_path_factory.mktemp("openid"), CONSOLE, OTHER_APP) as running:
        yield running


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenIdProvider]:
    """Serve Identity Platform's name and shape of tokens; its client is the project."""
    folder = tmp_path_factory.mktemp("platform")
    with openid_provider(folder, PROJECT, OTHER_APP, issuer=PLATFORM) as running:
        yield running


@pytest.fixture
def acme(db: Path) -> Tenant:
    return Tenant.objects.create(slug="acme", name="Acme")


def trust(idp: OpenIdProvider, *words: str) -> None:
    said = io.StringIO()
    call_command("trusted_issuer", "add", *words, stdout=said)
    assert idp.issuer in said.getvalue()


def verify(idp: OpenIdProvider, token: str) -> Principal:
    with override_settings(LICENSE_ISSUERS_CA_FILE=idp.ca_file):
        bearer_verifier_from_settings.cache_clear()
        verifier: BearerVerifier = bearer_verifier_from_settings()
        bearer_verifier_from_settings.cache_clear()
        return verifier.verify(token)


def reason(idp: OpenIdProvider, token: str, kind: type[Any] = InvalidCredential) -> str:
    with pytest.raises(kind) as refusal:
        verify(idp, token)
    return str(refusal.value.reason)


class TestDiscovery:
    """Its keys are those that its discovery document names."""

    @pytest.fixture
    def idp(self, discovered: OpenIdProvider, acme: Tenant) -> OpenIdProvider:
        with override_settings(LICENSE_ISSUERS_CA_FILE=discovered.ca_file):
            trust(
                discovered,
                *("--preset", "oidc", "--issuer", discovered.issuer, "--audience", OURS),
                *("--tenant", acme.slug, "--membership", "none", "--kind", "workload"),
                *("--role", "member"),
            )
        return discovered

    def test_an_access_token_for_us_is_let_in(self, idp: OpenIdProvider, acme: Tenant) -> None:
        principal = verify(idp, idp.access_token(CONSOLE, OURS))

        assert (principal.kind, principal.tenant_id) == (PrincipalKind.WORKLOAD, acme.id)
        assert (principal.subject, principal.role) == (CONSOLE, Role.MEMBER)

    def test_one_for_another_audience_is_not(self, idp: OpenIdProvider) -> None:
        token = idp.access_token(CONSOLE, "https://another.example")

        assert reason(idp, token) == NOT_FOR_US

    def test_an_id_token_is_not(self, idp: OpenIdProvider) -> None:
        tokens = idp.signed_in(CONSOLE, sub="ann")

        assert reason(idp, tokens["id_token"]) == NOT_FOR_US

    def test_an_access_token_that_only_its_issuer_can_read_is_not(
        self, idp: OpenIdProvider
    ) -> None:
        assert "malformed" in reason(idp, idp.signed_in(CONSOLE, sub="ann")["access_token"])


class TestIdentityPlatform:
    """Whose ID token is what its callers bring: for the project, of a mapped tenant's member."""

    @pytest.fixture
    def idp(self, platform: OpenIdProvider, acme: Tenant) -> OpenIdProvider:
        keys = ("--jwks-uri", platform.jwks_uri)
        with override_settings(LICENSE_ISSUERS_CA_FILE=platform.ca_file, GOOGLE_PROJECT_ID=PROJECT):
            trust(platform, "--preset", "identity-platform", *keys)
            call_command("trusted_issuer", "map-tenant", "1", "acme-x7k2q", "--tenant", "acme")
        membership.invite_member(
            tenant_id=acme.id, email="ann@example.com", role=Role.ADMIN, principal="system:test"
        )
        return platform

    def id_token(self, idp: OpenIdProvider, client: str = PROJECT, **claims: Any) -> str:
        usual = {
            "sub": "uid-1",
            "user_id": "uid-1",
            "email": "ann@example.com",
            "email_verified": True,
            "firebase": {"tenant": "acme-x7k2q", "sign_in_provider": "password"},
        }
        return idp.signed_in(client, **{**usual, **claims})["id_token"]

    def test_seed_a_member_is_let_in(self, idp: OpenIdProvider, acme: Tenant) -> None:
        principal = verify(idp, self.id_token(idp))

        assert (principal.tenant_id, principal.role) == (acme.id, Role.ADMIN)
        assert (principal.subject, principal.email) == ("uid-1", "ann@example.com")

    def test_seed_an_id_token_for_another_client_is_not(self, idp: OpenIdProvider) -> None:
        token = self.id_token(idp, OTHER_APP)

        assert reason(idp, token) == NOT_FOR_US

    @pytest.mark.parametrize("audience", [OURS, f"https://{PROJECT}.example"])
    def test_seed_an_access_token_for_another_audience_is_not(
        self, idp: OpenIdProvider, audience: str
    ) -> None:
        token = idp.access_token(PROJECT, audience)

        assert reason(idp, token) == NOT_FOR_US

    @pytest.mark.parametrize("tenant", ["other-a1b2c", None])
    def test_seed_people_of_other_tenants_are_not(
        self, idp: OpenIdProvider, tenant: str | None
    ) -> None:
        firebase = {"tenant": tenant} if tenant else {}

        assert "tenant" in reason(idp, self.id_token(idp, firebase=firebase), MissingTenant)

    def test_seed_somebody_elses_user_id_is_not(self, idp: OpenIdProvider) -> None:
        assert "user_id" in reason(idp, self.id_token(idp, user_id="uid-2"))
