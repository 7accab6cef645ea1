"""No environment breaks a policy, and every policy refuses what it is there for."""

import shutil
from pathlib import Path

import pytest
from deploy.opentofu import policies_cluster, policies_stores
from deploy.opentofu.engine import Engine, environment_folders
from deploy.opentofu.environments import Resource, Walk, resources, walk
from deploy.opentofu.policies import POLICIES

AGAINST = Path(__file__).parent / "against_policy"
ALL = (policies_cluster, policies_stores)  # imported: each registers its policies
ENVIRONMENTS = [folder.name for folder in environment_folders()]
ROTATING = Resource(
    "signing",
    "google_kms_crypto_key",
    "signing",
    {"purpose": "ASYMMETRIC_SIGN", "rotation_period": "7776000s"},
)


@pytest.fixture(params=ENVIRONMENTS)
def walked(request: pytest.FixtureRequest, engine: Engine) -> Walk:
    return walk(engine, request.param)


def broken_by(all_of: list[Resource]) -> dict[str, list[str]]:
    found = {name: judge(all_of) for name, judge in POLICIES.items()}
    return {name: addresses for name, addresses in found.items() if addresses}


def test_a_plan_breaks_no_policy(walked: Walk) -> None:
    assert broken_by(resources(walked.again)) == {}


def test_a_plan_has_what_policies_are_about(walked: Walk) -> None:
    """A policy about something that is not there says nothing."""
    there = {one.kind for one in resources(walked.again)}

    assert {
        "google_artifact_registry_repository",
        "google_compute_firewall",
        "google_compute_ssl_policy",
        "google_container_cluster",
        "google_container_node_pool",
        "google_kms_crypto_key",
        "google_kms_crypto_key_iam_member",
        "google_logging_project_bucket_config",
        "google_project_iam_audit_config",
        "google_redis_instance",
        "google_secret_manager_secret",
        "google_sql_database_instance",
        "google_storage_bucket",
    } <= there


def test_every_policy_has_something_against_it() -> None:
    """One cannot be planned: the stand-in refuses a signing key that rotates, as Cloud KMS does."""
    planned = {folder.name for folder in AGAINST.iterdir()}

    assert planned | {"rotating_signing_key"} == set(POLICIES)
    assert POLICIES["rotating_signing_key"]([ROTATING]) == ["signing"]


@pytest.mark.parametrize("name", sorted(folder.name for folder in AGAINST.iterdir()))
def test_a_policy_refuses_what_it_is_there_for(name: str, engine: Engine, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(AGAINST / name, tmp_path / name))
    assert engine.init(folder).ok
    all_of = resources(engine.planned(folder))

    assert sorted(POLICIES[name](all_of)) == sorted(one.address for one in all_of)
    assert set(broken_by(all_of)) == {name}
