"""Environments: values alone, applied at once, at rest afterwards, and hard to destroy."""

import re
from pathlib import Path
from typing import Any

import pytest
from deploy.opentofu.engine import (
    OPENTOFU,
    Engine,
    copied,
    environment_folders,
    module_folders,
)
from deploy.opentofu.environments import Resource, Walk, resources, walk
from deploy.opentofu.policies import first

ENVIRONMENTS = environment_folders()
PRODUCTION, STAGING = OPENTOFU / "environments/production", OPENTOFU / "environments/staging"
VALUES = {"terraform.tfvars", "backend.tf"}
PREVENTED = re.compile(r"Resource (\S+) has lifecycle\.prevent_destroy set")
BLOCK = re.compile(r'^resource "(\w+)" "(\w+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)
MUST_STAY = {"google_kms_crypto_key", "google_sql_database_instance", "google_redis_instance"}


@pytest.fixture(params=[folder.name for folder in ENVIRONMENTS])
def walked(request: pytest.FixtureRequest, engine: Engine) -> Walk:
    return walk(engine, request.param)


@pytest.fixture
def production(engine: Engine) -> list[Resource]:
    return resources(walk(engine, "production").again)


def one_of(all_of: list[Resource], kind: str, **values: str) -> dict[str, Any]:
    """Return the values of the one resource of a kind that has these values."""
    found = [r.values for r in all_of if r.kind == kind and values.items() <= r.values.items()]
    assert len(found) == 1, (kind, values, len(found))
    return found[0]


@pytest.mark.parametrize("folder", ENVIRONMENTS, ids=lambda folder: folder.name)
def test_it_is_in_order_and_its_own_tests_pass(
    folder: Path, engine: Engine, tmp_path: Path
) -> None:
    copy = copied(folder, tmp_path)
    assert engine.init(copy).ok
    assert engine.unformatted(copy) == []
    valid, tested = engine.validate(copy), engine.test(copy)

    assert valid.ok, valid.err
    assert "Warning" not in valid.text
    assert tested.ok, tested.out + tested.err
    assert re.search(r"Success! [1-9]\d* passed, 0 failed", tested.text)
    assert (folder / "README.md").is_file()


def test_environments_differ_in_values_alone() -> None:
    names = {file.name for file in PRODUCTION.glob("*.tf*")}

    assert names == {file.name for file in STAGING.glob("*.tf*")}
    for name in names - VALUES:
        assert (PRODUCTION / name).read_text() == (STAGING / name).read_text(), name


@pytest.mark.parametrize("folder", ENVIRONMENTS, ids=lambda folder: folder.name)
def test_an_environment_is_made_of_every_module(folder: Path) -> None:
    text = "".join(file.read_text() for file in folder.glob("*.tf"))
    used = set(re.findall(r'source = "\.\./\.\./modules/([\w-]+)"', text))

    assert used == {module.name for module in module_folders()}
    assert re.findall(r'^resource "', text, re.MULTILINE) == []


@pytest.mark.parametrize("folder", ENVIRONMENTS, ids=lambda folder: folder.name)
def test_its_state_is_in_a_bucket_of_its_own(folder: Path) -> None:
    told = (folder / "backend.tf").read_text()

    assert 'backend "gcs"' in told
    assert f'prefix = "environments/{folder.name}"' in told
    buckets = {
        re.findall(r'bucket = "(\S+)"', (f / "backend.tf").read_text())[0] for f in ENVIRONMENTS
    }
    assert len(buckets) == len(ENVIRONMENTS)


def test_a_first_plan_makes_everything(walked: Walk) -> None:
    actions = {tuple(c["change"]["actions"]) for c in walked.first["resource_changes"]}

    assert actions <= {("create",), ("read",)}
    assert ("create",) in actions


def test_after_an_apply_nothing_is_left_to_do(walked: Walk) -> None:
    changes = walked.again.get("resource_changes", [])
    moved = [c["address"] for c in changes if c["change"]["actions"] not in (["no-op"], ["read"])]

    assert moved == []
    assert len(resources(walked.applied)) == len(resources(walked.first))


def test_what_must_stay_cannot_be_destroyed(walked: Walk) -> None:
    """The plan to destroy all ends at them; keys of which others are encrypted come after."""
    kinds = {address.split(".")[-2] for address in PREVENTED.findall(walked.destruction)}

    assert kinds >= MUST_STAY
    assert "google_storage_bucket" in kinds


@pytest.mark.parametrize("kind", sorted(MUST_STAY))
def test_every_resource_that_must_stay_says_so(kind: str) -> None:
    text = "".join(file.read_text() for file in OPENTOFU.rglob("*.tf"))
    bodies = [body for found, _, body in BLOCK.findall(text) if found == kind]

    assert bodies
    assert all("prevent_destroy = true" in body for body in bodies)


def test_no_lock_of_the_stand_in_is_kept() -> None:
    """The engine wrote none, since stand-ins are nobody's release; a real one has real hashes."""
    assert list(OPENTOFU.rglob(".terraform*")) == []


def test_the_signing_key_is_given_to_the_two_that_sign_alone(production: list[Resource]) -> None:
    signing = {
        (r.values["crypto_key_id"], r.values["member"])
        for r in production
        if r.values.get("role") == "roles/cloudkms.signerVerifier"
    }
    key = "projects/coditect-cloud-infra/locations/us-central1/keyRings/coditect-license-keys"
    # Leases' delegations and license_data; seats that are lent as files.
    accounts = ("django-backend", "license-console")
    members = [
        f"serviceAccount:{one}@coditect-citus-prod.iam.gserviceaccount.com" for one in accounts
    ]

    assert signing == {(f"{key}/cryptoKeys/license-signing-key-v1", one) for one in members}


def test_production_has_the_database_that_was_asked_for(production: list[Resource]) -> None:
    database = one_of(production, "google_sql_database_instance", name="coditect-license-db")
    settings = database["settings"][0]
    flags = {flag["name"]: flag["value"] for flag in settings["database_flags"]}

    assert database["database_version"] == "POSTGRES_16"
    assert (settings["tier"], settings["availability_type"]) == ("db-custom-2-7680", "REGIONAL")
    assert (flags["log_connections"], flags["log_disconnections"]) == ("on", "on")
    backups = settings["backup_configuration"][0]
    assert backups["point_in_time_recovery_enabled"] is True
    assert first(backups, "backup_retention_settings", "retained_backups") == 30


def test_production_has_the_redis_that_was_asked_for(production: list[Resource]) -> None:
    redis = one_of(production, "google_redis_instance", name="coditect-license-redis")

    assert (redis["tier"], redis["memory_size_gb"]) == ("STANDARD_HA", 6)
    assert redis["redis_configs"]["maxmemory-policy"] == "noeviction"
    assert redis["transit_encryption_mode"] == "SERVER_AUTHENTICATION"
    assert redis["auth_enabled"] is True


def test_production_has_the_edge_that_was_asked_for(production: list[Resource]) -> None:
    edge = one_of(production, "google_compute_security_policy", name="license-api-security-policy")
    said = {
        rule["priority"]: rule["match"][0]["expr"][0]["expression"]
        for rule in edge["rule"]
        if rule["match"][0]["expr"]
    }
    countries = [p for p, text in said.items() if "US,CA,GB,DE,FR,NL,SE,DK,NO,FI" in text]
    scanners = [p for p, text in said.items() if "scannerdetection" in text]
    previewed = {rule["priority"]: rule["preview"] for rule in edge["rule"]}

    assert len(countries) == 1
    assert previewed[countries[0]] is True
    assert scanners
    adaptive = edge["adaptive_protection_config"][0]["layer_7_ddos_defense_config"][0]
    assert adaptive["enable"] is True


def test_production_asks_staff_to_sign_in_before_their_host(production: list[Resource]) -> None:
    staff = one_of(production, "google_iap_web_iam_member")

    assert staff["condition"][0]["expression"] == 'request.host == "admin.coditect.ai"'


def test_production_lists_nine_secrets_each_with_its_readers(production: list[Resource]) -> None:
    secrets = {
        r.values["secret_id"] for r in production if r.kind == "google_secret_manager_secret"
    }
    read = {
        r.values["secret_id"]
        for r in production
        if r.kind == "google_secret_manager_secret_iam_binding" and r.values["members"]
    }

    assert len(secrets) == 9
    assert read == secrets
