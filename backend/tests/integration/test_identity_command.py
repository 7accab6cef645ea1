"""``manage.py trusted_issuer``: clear refusals, nothing half done, notices to running servers."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import call_command
from django.core.management.base import CommandError
from joserfc.jwk import OKPKey

from identity.models import TenantAlias, TrustedIssuer
from soft_state.notices import BOARD, Topic
from tenants.models import Tenant

JWK = OKPKey.import_key(Ed25519PrivateKey.generate()).as_dict(private=False)
OIDC = ("add", "--preset", "oidc", "--issuer", "https://id.example", "--audience", "app")
GITHUB = ("add", "--preset", "github-actions", "--tenant", "acme", "--repository", "acme/app")


@pytest.fixture(autouse=True)
def acme(db: Path) -> Tenant:
    return Tenant.objects.create(slug="acme", name="Acme")


@pytest.fixture
def notices() -> Iterator[list[Topic]]:
    heard: list[Topic] = []
    stop = BOARD.listen(Topic.ISSUERS, lambda: heard.append(Topic.ISSUERS))
    yield heard
    stop()


def run(*words: str) -> str:
    said = io.StringIO()
    call_command("trusted_issuer", *words, stdout=said)
    return said.getvalue()


def refusal(*words: str) -> str:
    before = list(TrustedIssuer.objects.values())
    with pytest.raises(CommandError) as refused:
        run(*words)
    assert list(TrustedIssuer.objects.values()) == before
    return str(refused.value)


def test_an_issuer_is_added_listed_and_announced(notices: list[Topic]) -> None:
    said = run(*GITHUB, "--role", "member")

    assert said == run("list")
    assert "https://token.actions.githubusercontent.com for http://127.0.0.1:8000" in said
    assert '"repository": "acme/app"' in said
    assert notices == [Topic.ISSUERS]


def test_a_dry_run_checks_and_changes_nothing(notices: list[Topic]) -> None:
    assert "nothing was changed" in run(*GITHUB, "--dry-run")
    assert refusal("add", "--preset", "github-actions", "--dry-run")

    assert not TrustedIssuer.objects.exists()
    assert notices == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "--preset", "github-actions"), "admissions must say whose"),
        ((*GITHUB[:-2], "--ref", "refs/heads/main"), "compares ['repository']"),
        ((*GITHUB[:-1], "acme/*"), "repository: values are compared exactly and * is no pattern"),
        ((*GITHUB, "--ref", "refs/heads/*"), "ref: values are compared exactly"),
        ((*GITHUB, "--claim", 'actor=["ann", "b*"]'), "actor: values are compared exactly"),
        ((*OIDC, "--tenant", "acme", "--require", "amr=*"), "amr: values are compared exactly"),
        ((*GITHUB, "--membership", "required"), "neither members nor staff"),
        ((*GITHUB[:4], "nobody", "--repository", "a/b"), "there is no tenant nobody"),
        (("add", "--preset", "github-actions", "--repository", "a/b"), "--tenant SLUG"),
        (
            ("add", "--preset", "google-service-account", "--tenant", "acme", "--email", "a@b.c"),
            "compares ['email', 'sub']",
        ),
        ((*GITHUB, "--jwks-uri", "http://keys.example"), "https://host/path alone"),
        (OIDC, "say whose its tokens are"),
        ((*OIDC, "--tenant", "acme", "--tenant-claim", "t"), "say whose its tokens are"),
        (("add", "--preset", "oidc", "--tenant", "acme"), "--issuer and --audience"),
        (
            (*OIDC[:4], "http://id.example", "--audience", "app", "--tenant", "acme"),
            "https://host/path alone",
        ),
        (
            (*OIDC[:4], "https://id.example/development", "--audience", "a", "--tenant", "acme"),
            "development issuer's",
        ),
        ((*OIDC, "--tenant", "acme", "--jwks-file", "/nowhere"), "no JSON that can be read"),
        (("disable", "7"), "there is no trusted issuer 7"),
        (("test", "7"), "there is no trusted issuer 7"),
        (("admit", "7", "--tenant", "acme", "--sub", "x"), "there is no trusted issuer 7"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(words: tuple[str, ...], said: str) -> None:
    told = refusal(*words)

    assert said in told
    assert "\n" not in told


def test_an_issuer_that_is_known_is_not_added_again() -> None:
    run(*GITHUB)

    assert "known already, as 1" in refusal(*GITHUB)


def test_admissions_are_added_and_taken_back() -> None:
    run(*GITHUB)
    more = ("admit", "1", "--tenant", "acme", "--repository", "acme/other", "--role", "viewer")

    assert "admission 2" in run(*more)
    assert "already" in refusal(*more)
    assert "compares ['repository']" in refusal("admit", "1", "--tenant", "acme", "--ref", "x")
    assert "admission 2" not in run("withdraw", "1", "1")
    assert "acme/other" in run("list")
    assert "has 1 admissions" in refusal("withdraw", "1", "2")
    assert "admissions must say whose" in refusal("withdraw", "1", "1")


def test_keys_may_be_kept_in_the_row(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_text(json.dumps({"keys": [{**JWK, "kid": "k1"}]}))

    said = run(*OIDC, "--tenant", "acme", "--jwks-file", str(file))

    assert "keys: inline" in said
    assert "its keys can be used" in run("test", "1")
    file.write_text(json.dumps({"keys": [{**JWK, "kid": "k1", "use": "enc"}]}))
    assert "k1 is not one for" in refusal(
        *(*OIDC[:-1], "other", "--tenant", "acme", "--jwks-file", str(file))
    )


def test_names_of_tenants_are_mapped_and_unmapped() -> None:
    run(*OIDC, "--tenant-claim", "org", "--maps-tenant-names")

    assert run("map-tenant", "1", "acme-7", "--tenant", "acme") == "acme-7 means acme\n"
    assert "tenant acme-7: acme" in run("list")
    assert "mapped already" in refusal("map-tenant", "1", "acme-7", "--tenant", "acme")
    run("unmap-tenant", "1", "acme-7")
    assert "is not mapped" in refusal("unmap-tenant", "1", "acme-7")
    assert not TenantAlias.objects.exists()


@pytest.mark.parametrize("name", ["", "acme 7", "acme\n", "a" * 129, "ácme"])
def test_a_name_that_no_token_can_say_is_not_mapped(name: str) -> None:
    run(*OIDC, "--tenant-claim", "org", "--maps-tenant-names")

    assert "1 to 128 printable characters" in refusal("map-tenant", "1", name, "--tenant", "acme")
    assert not TenantAlias.objects.exists()


def test_an_issuer_that_names_tenants_by_our_ids_has_nothing_to_map() -> None:
    run(*OIDC, "--tenant-claim", "org")

    assert "by our own ids" in refusal("map-tenant", "1", "acme-7", "--tenant", "acme")


def test_claims_are_compared_as_json_where_they_are_json() -> None:
    run(*GITHUB, "--claim", 'repository_id="123"', "--claim", "live=true", "--claim", "x=y z")

    admission = TrustedIssuer.objects.get().admissions[0]
    assert admission["claims"] == {
        "repository": "acme/app",
        "repository_id": "123",
        "live": True,
        "x": "y z",
    }
