"""Trusted issuers as rows, and the development issuer on top of them."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.core.checks import run_checks
from django.db import IntegrityError
from django.test import override_settings

from identity import queries
from identity.checks import development_issuer_is_not_trusted
from identity.development import DevelopmentIssuer
from identity.errors import InvalidCredential, MissingTenant, UnsafeKeyFile, UnusableIssuer
from identity.models import TrustedIssuer
from identity.operations import BearerVerifier
from identity.register import DatabaseRegister
from identity.rules import Role
from identity.wiring import bearer_verifier_from_settings, development_issuer_from_settings
from tenants.models import Tenant
from tests.support.customer import PEPPERS

AUDIENCE = "http://127.0.0.1:8000"
NOBODY = UUID("00000000-0000-4000-8000-000000000000")
NOW = datetime(2027, 1, 15, 12, tzinfo=UTC)

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def tenant(db: Path) -> Tenant:
    return Tenant.objects.create(slug="acme", name="Acme")


@pytest.fixture
def development(tmp_path: Path) -> DevelopmentIssuer:
    return DevelopmentIssuer.open(tmp_path / "issuer.pem", audience=AUDIENCE, clock=lambda: NOW)


@pytest.fixture
def verifier(development: DevelopmentIssuer) -> BearerVerifier:
    development.ensure_row()
    return BearerVerifier(
        queries.trusted_issuers, clock=lambda: NOW, register=DatabaseRegister(PEPPERS)
    )


def token_for(development: DevelopmentIssuer, tenant_id: UUID) -> str:
    return development.mint(
        tenant_id=tenant_id, subject="developer", role=Role.OWNER, lifetime_seconds=86_400
    )


class TestTheDevelopmentIssuer:
    def test_its_token_makes_an_owner_of_the_tenant(
        self, development: DevelopmentIssuer, verifier: BearerVerifier, tenant: Tenant
    ) -> None:
        principal = verifier.verify(token_for(development, tenant.id))

        assert principal.label == "user:developer"
        assert principal.tenant_id == tenant.id
        assert principal.may_manage()

    def test_its_token_for_a_tenant_that_is_not_here_opens_nothing(
        self, development: DevelopmentIssuer, verifier: BearerVerifier
    ) -> None:
        with pytest.raises(MissingTenant):
            verifier.verify(token_for(development, NOBODY))

    def test_it_keeps_its_key(
        self, tmp_path: Path, verifier: BearerVerifier, tenant: Tenant
    ) -> None:
        again = DevelopmentIssuer.open(
            tmp_path / "issuer.pem", audience=AUDIENCE, clock=lambda: NOW
        )

        assert verifier.verify(token_for(again, tenant.id)).tenant_id == tenant.id

    def test_its_row_is_made_once(self, development: DevelopmentIssuer) -> None:
        first, second = development.ensure_row(), development.ensure_row()

        assert first.pk == second.pk
        assert TrustedIssuer.objects.count() == 1
        assert second.issuer == f"{AUDIENCE}/development"
        assert second.audience == AUDIENCE

    def test_a_new_key_replaces_the_old_one(
        self, development: DevelopmentIssuer, tmp_path: Path, tenant: Tenant
    ) -> None:
        development.ensure_row()
        newer = DevelopmentIssuer.open(tmp_path / "new.pem", audience=AUDIENCE, clock=lambda: NOW)
        newer.ensure_row()
        verifier = BearerVerifier(
            queries.trusted_issuers, clock=lambda: NOW, register=DatabaseRegister(PEPPERS)
        )

        assert verifier.verify(token_for(newer, tenant.id)).tenant_id == tenant.id
        with pytest.raises(InvalidCredential):
            verifier.verify(token_for(development, tenant.id))

    def test_its_row_under_another_name_is_removed_and_no_other_row(
        self, development: DevelopmentIssuer, tmp_path: Path
    ) -> None:
        development.ensure_row()
        TrustedIssuer.objects.create(issuer="https://issuer.example", audience=AUDIENCE)
        moved = DevelopmentIssuer.open(
            tmp_path / "issuer.pem", audience="http://127.0.0.1:9000", clock=lambda: NOW
        )

        moved.ensure_row()

        assert {row.issuer for row in TrustedIssuer.objects.all()} == {
            "https://issuer.example",
            "http://127.0.0.1:9000/development",
        }

    def test_it_is_off_when_its_row_is(
        self, development: DevelopmentIssuer, verifier: BearerVerifier, tenant: Tenant
    ) -> None:
        token = token_for(development, tenant.id)
        verifier.verify(token)
        TrustedIssuer.objects.update(enabled=False)

        verifier.reload()

        with pytest.raises(InvalidCredential):
            verifier.verify(token)

    @pytest.mark.parametrize("content", [b"", b"not a key"])
    def test_a_file_that_holds_no_key_is_refused(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "broken.pem"
        path.touch(mode=0o600)
        path.write_bytes(content)

        with pytest.raises(UnsafeKeyFile, match=r"broken\.pem"):
            DevelopmentIssuer.open(path, audience=AUDIENCE, clock=lambda: NOW)

    def test_a_key_of_another_kind_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "rsa.pem"
        path.touch(mode=0o600)
        key = generate_private_key(65537, 2048)
        path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

        with pytest.raises(UnsafeKeyFile, match="no Ed25519 key"):
            DevelopmentIssuer.open(path, audience=AUDIENCE, clock=lambda: NOW)


class TestRows:
    def test_one_issuer_may_serve_two_audiences_and_each_once(
        self, development: DevelopmentIssuer
    ) -> None:
        row = development.ensure_row()
        given: dict[str, Any] = {"kind": row.kind, "algorithms": row.algorithms, "jwks": row.jwks}

        TrustedIssuer.objects.create(issuer=row.issuer, audience="another-app", **given)
        with pytest.raises(IntegrityError):
            TrustedIssuer.objects.create(issuer=row.issuer, audience=row.audience, **given)

    def test_a_row_that_cannot_be_used_is_named(self, development: DevelopmentIssuer) -> None:
        development.ensure_row()
        TrustedIssuer.objects.update(algorithms=["HS256"])

        with pytest.raises(UnusableIssuer, match=re.escape(f"{AUDIENCE}/development for")):
            queries.trusted_issuers()

    def test_a_row_that_is_off_may_be_unusable(self, development: DevelopmentIssuer) -> None:
        development.ensure_row()
        TrustedIssuer.objects.update(algorithms=["HS256"], enabled=False)

        assert queries.trusted_issuers().issuers == ()

    def test_the_rows_default_role_is_read(self, development: DevelopmentIssuer) -> None:
        development.ensure_row()
        TrustedIssuer.objects.update(default_role="viewer")

        (issuer,) = queries.trusted_issuers().issuers

        assert issuer.default_role is Role.VIEWER


class TestTheSystemCheck:
    def test_a_development_issuer_in_production_is_an_error(
        self, development: DevelopmentIssuer
    ) -> None:
        development.ensure_row()

        (error,) = development_issuer_is_not_trusted(embedded=False)

        assert error.id == "identity.E001"
        assert error.is_serious()

    def test_it_is_none_where_it_belongs_or_is_off(self, development: DevelopmentIssuer) -> None:
        development.ensure_row()
        assert development_issuer_is_not_trusted(embedded=True) == []

        TrustedIssuer.objects.update(enabled=False)
        assert development_issuer_is_not_trusted(embedded=False) == []

    def test_it_runs_with_the_checks_of_the_database(self, development: DevelopmentIssuer) -> None:
        development.ensure_row()

        with override_settings(EMBEDDED=False):
            with_database = {message.id for message in run_checks(databases=["default"])}
            without = {message.id for message in run_checks()}

        assert "identity.E001" in with_database
        assert "identity.E001" not in without


class TestWiring:
    @pytest.fixture(autouse=True)
    def own_key_file(self, tmp_path: Path) -> Iterator[None]:
        path = tmp_path / "development-issuer-key.pem"
        with override_settings(LICENSE_DEVELOPMENT_ISSUER_KEY_FILE=path):
            yield

    def test_the_settings_make_an_issuer_and_a_verifier_that_believes_it(
        self, tenant: Tenant
    ) -> None:
        development = development_issuer_from_settings()
        development.ensure_row()

        principal = bearer_verifier_from_settings().verify(token_for(development, tenant.id))

        assert principal.tenant_id == tenant.id

    def test_outside_the_embedded_profile_there_is_no_development_issuer(self) -> None:
        with override_settings(EMBEDDED=False), pytest.raises(UnusableIssuer):
            development_issuer_from_settings()
