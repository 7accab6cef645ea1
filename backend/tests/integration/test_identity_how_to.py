"""docs/how-to/identity.md: every command is run, against a provider that goes by the right name."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from django.core.management import call_command
from django.test import override_settings

from foundation.clock import utc_now
from identity import api_token, fetched_keys, key_fetching, membership, service_accounts
from identity.rules import Principal, Role
from identity.wiring import bearer_verifier_from_settings
from tenants.models import Tenant
from tests.support.providers import Provider, provider

DOCUMENT: Final = (Path(__file__).parents[3] / "docs/how-to/identity.md").read_text()
PROJECT: Final = "coditect-citus-prod"
OURS: Final = "https://licenses.example"
PREFIX: Final = "manage.py trusted_issuer "


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with provider(tmp_path_factory.mktemp("provider")) as process:
        yield process


@pytest.fixture
def idp(running: Provider, db: Path) -> Iterator[Provider]:
    Tenant.objects.create(slug="acme", name="Acme")
    settings: dict[str, Any] = {
        "LICENSE_ISSUERS_CA_FILE": running.ca_file,
        "LICENSE_ISSUER": OURS,
        "GOOGLE_PROJECT_ID": PROJECT,
    }
    with override_settings(**settings):
        bearer_verifier_from_settings.cache_clear()
        yield running
    bearer_verifier_from_settings.cache_clear()


def commands(section: str) -> list[str]:
    """Return the commands of one section, as they stand there."""
    text = DOCUMENT.split(f"\n## {section}\n")[1].split("\n## ")[0]
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    assert lines, section
    return lines


def run(section: str, idp: Provider) -> None:
    """Run them; only where the keys are, and the provider's address, is the test's own."""
    for line in commands(section):
        assert line.startswith(PREFIX), line
        words = shlex.split(line.removeprefix(PREFIX).replace("https://id.example.com", idp.issuer))
        if words[0] == "add" and "oidc" not in words:
            words += ["--jwks-uri", idp.jwks_uri]
        call_command("trusted_issuer", *words)


def verify(token: str) -> Principal:
    return bearer_verifier_from_settings().verify(token)


def test_people_of_identity_platform(idp: Provider) -> None:
    run("People: Identity Platform", idp)
    tenant_id = Tenant.objects.get().id
    membership.invite_member(
        tenant_id=tenant_id, email="ann@example.com", role=Role.OWNER, principal="system:test"
    )

    principal = verify(
        idp.sign(
            iss=f"https://securetoken.google.com/{PROJECT}",
            aud=PROJECT,
            sub="uid-1",
            user_id="uid-1",
            auth_time=int(utc_now().timestamp()) - 1,
            email="ann@example.com",
            email_verified=True,
            firebase={"tenant": "acme-x7k2q"},
        )
    )

    assert (principal.tenant_id, principal.role) == (tenant_id, Role.OWNER)


def test_programs_on_google_cloud(idp: Provider) -> None:
    run("Programs on Google Cloud", idp)

    for sub, email, role in (
        ("104261873201", "builds@acme-prod.iam.gserviceaccount.com", Role.MEMBER),
        ("104261873202", "reports@acme-prod.iam.gserviceaccount.com", Role.VIEWER),
    ):
        token = idp.sign(
            iss="https://accounts.google.com", aud=OURS, sub=sub, email=email, email_verified=True
        )
        assert verify(token).role is role


def test_jobs_of_github_actions(idp: Provider) -> None:
    run("Jobs of GitHub Actions", idp)

    token = idp.sign(
        iss="https://token.actions.githubusercontent.com",
        aud=OURS,
        sub="repo:acme/studio:environment:production",
        repository="acme/studio",
        ref="refs/heads/main",
        environment="production",
    )

    assert verify(token).role is Role.MEMBER


def test_any_provider(idp: Provider) -> None:
    run("Any OpenID provider", idp)
    tenant_id = Tenant.objects.get().id

    console = verify(idp.sign(aud="license-console", sub="ann", license_role="viewer"))
    staff = idp.sign(
        aud="license-staff",
        sub="eve",
        amr="mfa",
        staff=True,
        tenant_id=str(tenant_id),
    )

    assert (console.tenant_id, console.role, console.is_staff) == (tenant_id, Role.VIEWER, False)
    assert verify(staff).is_staff


def test_the_scanners_pattern_is_that_of_the_tokens() -> None:
    (pattern,) = re.findall(r"`(cdtsa1_\[.*?\]\{65\})`", DOCUMENT)
    token = api_token.write(tenant_id=Tenant().id, randomness=bytes(range(20)))

    assert re.fullmatch(pattern, token.text)


def test_the_bounds_it_names_are_those_of_the_code() -> None:
    assert key_fetching.MOST_SECONDS == 5
    assert key_fetching.MOST_BYTES == 256 * 1024
    assert key_fetching.FEWEST_SECONDS_FRESH == 5 * 60
    assert key_fetching.MOST_SECONDS_FRESH == 12 * 3_600
    assert fetched_keys.EARLY == 0.8
    assert fetched_keys.MOST_SECONDS_BELIEVED == 24 * 3_600
    assert fetched_keys.SECONDS_BETWEEN_FETCHES == 30
    assert service_accounts.LONGEST_LIFE_SECONDS == 366 * 86_400
    for said in (
        "within 5 s and 256 KiB",
        "5 minutes to 12 hours",
        "24 hours",
        "once in 30 seconds",
    ):
        assert said in " ".join(DOCUMENT.split())
