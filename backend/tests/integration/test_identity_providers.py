"""Tokens of a real OpenID provider, with real discovery, keys and signatures, over TLS."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import override_settings

from foundation.clock import utc_now
from identity import membership
from identity.errors import InvalidCredential, MissingTenant
from identity.models import TrustedIssuer
from identity.operations import BearerVerifier
from identity.rules import PrincipalKind, Role
from identity.wiring import bearer_verifier_from_settings
from tenants.models import Tenant
from tests.support.providers import Provider, provider

PROJECT: Final = "coditect-citus-prod"
OURS: Final = "https://licenses.example"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with provider(tmp_path_factory.mktemp("provider")) as process:
        yield process


@pytest.fixture
def idp(running: Provider, db: Path) -> Iterator[Provider]:
    with override_settings(
        LICENSE_ISSUERS_CA_FILE=running.ca_file,
        LICENSE_ISSUER=OURS,
        GOOGLE_PROJECT_ID=PROJECT,
        GCP_PROJECT_ID="another-project",
        CLOUD_KMS_PROJECT_ID="a-third-project",
    ):
        bearer_verifier_from_settings.cache_clear()
        yield running
    bearer_verifier_from_settings.cache_clear()


@pytest.fixture
def acme(db: Path) -> Tenant:
    return Tenant.objects.create(slug="acme", name="Acme")


@pytest.fixture
def other(db: Path) -> Tenant:
    return Tenant.objects.create(slug="other", name="Other")


def command(*words: str) -> str:
    said = io.StringIO()
    call_command("trusted_issuer", *words, stdout=said)
    return said.getvalue()


def trust(*words: str) -> int:
    command("add", *words)
    return TrustedIssuer.objects.latest("id").pk


def verifier() -> BearerVerifier:
    bearer_verifier_from_settings.cache_clear()
    return bearer_verifier_from_settings()


def refused(token: str, kind: type[Exception] = InvalidCredential) -> bool:
    with pytest.raises(kind):
        verifier().verify(token)
    return True


class TestAnyProvider:
    @pytest.fixture
    def row(self, idp: Provider, acme: Tenant) -> int:
        return trust(
            *("--preset", "oidc", "--issuer", idp.issuer, "--audience", OURS),
            *("--tenant", acme.slug, "--membership", "automatic"),
        )

    def person(self, idp: Provider, **claims: Any) -> str:
        return idp.sign(**{"aud": OURS, "sub": "ann", "role": "admin", **claims})

    @pytest.mark.usefixtures("row")
    def test_its_people_are_those_of_the_tenant_it_was_added_for(
        self, idp: Provider, acme: Tenant, other: Tenant
    ) -> None:
        principal = verifier().verify(self.person(idp, tenant_id=str(other.id)))

        assert (principal.tenant_id, principal.role) == (acme.id, Role.ADMIN)
        assert principal.label == "user:ann"

    @pytest.mark.usefixtures("row")
    @pytest.mark.parametrize(
        "claims",
        [
            {"aud": "another-app"},
            {"aud": [OURS]},
            {"aud": None},
            {"iss": "https://issuer.example"},
            {"exp": 1},
            {"exp": None},
            {"iat": None},
            {"nbf": 9_999_999_999},
            {"sub": None},
            {"role": "root"},
        ],
    )
    def test_what_it_signs_for_others_is_refused(
        self, idp: Provider, claims: dict[str, Any]
    ) -> None:
        assert refused(self.person(idp, **claims))

    @pytest.mark.usefixtures("row")
    def test_a_changed_token_is_refused(self, idp: Provider) -> None:
        header, payload, signature = self.person(idp).split(".")
        _, others, _ = self.person(idp, sub="eve").split(".")

        assert refused(f"{header}.{others}.{signature}")
        assert refused(f"{header}.{payload}.")

    @pytest.mark.usefixtures("row")
    def test_a_key_that_is_published_later_is_found(self, idp: Provider) -> None:
        believes = verifier()
        believes.verify(self.person(idp))
        new = idp.rotate()

        with pytest.raises(InvalidCredential):  # asked a moment ago: not again within 30 s
            believes.verify(idp.sign(new, aud=OURS, sub="bob", role="member"))
        assert (
            verifier().verify(idp.sign(new, aud=OURS, sub="bob", role="member")).label == "user:bob"
        )

    def test_a_row_that_is_disabled_is_believed_no_more(self, idp: Provider, row: int) -> None:
        token = self.person(idp)
        believes = verifier()
        believes.verify(token)

        assert "disabled" in command("disable", str(row))
        believes.expire()

        with pytest.raises(InvalidCredential):
            believes.verify(token)
        assert "enabled" in command("enable", str(row))

    def test_an_operator_hears_why_a_token_is_refused(
        self, idp: Provider, row: int, tmp_path: Path
    ) -> None:
        file = tmp_path / "token"
        file.write_text(self.person(idp))
        assert "user:ann" in command("test", str(row), "--token-file", str(file))

        file.write_text(self.person(idp, aud="another-app"))
        with pytest.raises(CommandError, match="not trusted for this audience"):
            command("test", str(row), "--token-file", str(file))

    @pytest.mark.usefixtures("idp")
    def test_keys_go_on_counting_when_the_provider_has_gone(
        self, acme: Tenant, tmp_path: Path
    ) -> None:
        with (
            provider(tmp_path) as mortal,
            override_settings(LICENSE_ISSUERS_CA_FILE=mortal.ca_file),
        ):
            row = trust(
                *("--preset", "oidc", "--issuer", mortal.issuer, "--audience", OURS),
                *("--tenant", acme.slug, "--membership", "none"),
            )
            believes = verifier()
            tokens = [mortal.sign(aud=OURS, sub=who, role="viewer") for who in ("a", "b")]
            believes.verify(tokens[0])

            mortal.stop()

            believes.forget()
            assert believes.verify(tokens[1]).label == "user:b"
            with pytest.raises(CommandError, match="cannot be fetched"):
                command("test", str(row))


class TestIdentityPlatform:
    @pytest.fixture
    def row(self, idp: Provider, acme: Tenant) -> int:
        row = trust("--preset", "identity-platform", "--jwks-uri", idp.jwks_uri)
        command("map-tenant", str(row), "acme-x7k2q", "--tenant", "acme")
        membership.invite_member(
            tenant_id=acme.id, email="ann@example.com", role=Role.ADMIN, principal="system:test"
        )
        return row

    def person(self, idp: Provider, **claims: Any) -> str:
        now = int(utc_now().timestamp())
        usual = {
            "iss": f"https://securetoken.google.com/{PROJECT}",
            "aud": PROJECT,
            "auth_time": now - 60,
            "sub": "uid-1",
            "user_id": "uid-1",
            "email": "Ann@example.com",
            "email_verified": True,
            "firebase": {"tenant": "acme-x7k2q", "sign_in_provider": "password"},
        }
        return idp.sign(**{**usual, **claims})

    @pytest.mark.usefixtures("row")
    def test_seed_its_people_are_let_in(self, idp: Provider, acme: Tenant) -> None:
        """The first design's check refused every one of them."""
        principal = verifier().verify(self.person(idp))

        assert (principal.tenant_id, principal.role) == (acme.id, Role.ADMIN)
        assert (principal.subject, principal.email) == ("uid-1", "ann@example.com")

    @pytest.mark.usefixtures("row")
    @pytest.mark.parametrize(
        "claims",
        [
            {"iss": "https://accounts.google.com"},
            {"iss": "https://securetoken.google.com/another-project"},
            {"iss": f"https://securetoken.google.com/{PROJECT}/"},
            {"aud": "another-project"},
            {"aud": [PROJECT]},
            {
                "aud": "https://identitytoolkit.googleapis.com/"
                "google.identity.identitytoolkit.v1.IdentityToolkit"
            },
            {"auth_time": None},
            {"auth_time": 9_999_999_999},
            {"user_id": "uid-2"},
            {"sub": "u" * 129, "user_id": "u" * 129},
        ],
    )
    def test_seed_tokens_for_others_are_not(self, idp: Provider, claims: dict[str, Any]) -> None:
        assert refused(self.person(idp, **claims))

    @pytest.mark.usefixtures("row")
    @pytest.mark.parametrize(
        "claims",
        [
            {"firebase": {"tenant": "other-a1b2c"}},
            {"firebase": {}},
            {"email_verified": False},
            {"email": "eve@example.com"},
        ],
    )
    def test_people_who_are_no_members_are_not(self, idp: Provider, claims: dict[str, Any]) -> None:
        assert refused(self.person(idp, **claims), MissingTenant)

    @pytest.mark.usefixtures("row")
    def test_seed_a_custom_claim_and_the_mapped_tenant_must_agree(
        self, idp: Provider, acme: Tenant, other: Tenant
    ) -> None:
        assert refused(self.person(idp, tenant_id=str(other.id)), MissingTenant)
        assert verifier().verify(self.person(idp, tenant_id=str(acme.id))).tenant_id == acme.id

    @pytest.mark.usefixtures("row")
    def test_another_project_in_the_setting_is_a_warning(self) -> None:
        def warned() -> bool:
            return "identity.W001" in {said.id for said in run_checks(databases=["default"])}

        assert not warned()
        with override_settings(GOOGLE_PROJECT_ID="another-project"):
            assert warned()

    @pytest.mark.usefixtures("idp")
    def test_seed_without_its_project_it_cannot_be_added(self) -> None:
        told = pytest.raises(CommandError, match="GOOGLE_PROJECT_ID must be set")
        with override_settings(GOOGLE_PROJECT_ID=""), told:
            command("add", "--preset", "identity-platform")
        assert not TrustedIssuer.objects.exists()


class TestWorkloads:
    def test_a_google_service_account_on_the_list_calls_under_both_spellings(
        self, idp: Provider, acme: Tenant
    ) -> None:
        email = "builds@acme-prod.iam.gserviceaccount.com"
        trust(
            *("--preset", "google-service-account", "--jwks-uri", idp.jwks_uri),
            *("--tenant", "acme", "--role", "member", "--sub", "104261873201", "--email", email),
        )
        said = {"aud": OURS, "email": email, "email_verified": True, "sub": "104261873201"}

        for name in ("https://accounts.google.com", "accounts.google.com"):
            principal = verifier().verify(idp.sign(**said, iss=name))
            assert (principal.kind, principal.tenant_id) == (PrincipalKind.WORKLOAD, acme.id)
        assert refused(idp.sign(**{**said, "sub": "9", "iss": "accounts.google.com"}))
        assert refused(idp.sign(**{**said, "aud": "https://other", "iss": "accounts.google.com"}))

    @pytest.mark.usefixtures("acme")
    def test_a_job_of_github_actions_calls_from_its_repository_and_branch(
        self, idp: Provider
    ) -> None:
        trust(
            *("--preset", "github-actions", "--jwks-uri", idp.jwks_uri, "--tenant", "acme"),
            *("--role", "member", "--repository", "acme/studio", "--ref", "refs/heads/main"),
        )
        said = {
            "iss": "https://token.actions.githubusercontent.com",
            "aud": OURS,
            "sub": "repo:acme/studio:ref:refs/heads/main",
            "repository": "acme/studio",
            "ref": "refs/heads/main",
        }

        principal = verifier().verify(idp.sign(**said))

        assert (principal.label, principal.role) == (f"workload:{said['sub']}", Role.MEMBER)
        assert refused(idp.sign(**{**said, "repository": "evil/studio"}))
        assert refused(idp.sign(**{**said, "ref": "refs/pull/1/merge"}))
