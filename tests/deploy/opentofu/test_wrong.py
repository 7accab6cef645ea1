"""What must fail, fails, and for the reason it should: the engine and the stand-in are awake.

Each folder of ``wrong/`` is a configuration with one fault; ``hardening_strategy`` is a form of the
data layer that was once proposed, word for word.
"""

import shutil
from pathlib import Path

import pytest
from deploy.opentofu.engine import Engine

WRONG = Path(__file__).parent / "wrong"
REASONS = {
    "unknown_attribute": ['An argument named "require_ssl" is not expected here'],
    "unknown_block": ['Blocks of type "disk_encryption_configuration" are not expected here'],
    "unknown_resource": ['does not support resource type "google_license_server"'],
    "missing_argument": ['The argument "memory_size_gb" is required'],
    "unlisted_value": ["tier: 'STANDARD' is not one of BASIC, STANDARD_HA"],
    "missing_reference": ['"google_compute_network" "vpc" has not been declared'],
    "wrong_type": ["a number is required"],
    "kept_password": ["must be persisted to state"],
    "failed_precondition": ["An audit log is kept for 400 days at least"],
    "rotating_signing_key": ["rotation_period: KMS rotates no ASYMMETRIC_SIGN key"],
    "custom_tier_without_edition": [
        "tier: POSTGRES_16 takes no db-custom unless edition = ENTERPRISE"
    ],
    "too_many_days_of_logs": ["transaction_log_retention_days: 7 at most"],
    "wide_tls_13": ["TLS_1_3 wants RESTRICTED"],
    "hardening_strategy": [
        '"google_compute_network" "vpc" has not been declared',
        "rotation_period: KMS rotates no ASYMMETRIC_SIGN key",
    ],
}
DECLARED = """
resource "google_compute_network" "vpc" {
  name = "vpc"
}
resource "google_kms_crypto_key" "cloudsql_key" {
  name     = "cloudsql"
  key_ring = google_kms_key_ring.license_keys.id
}
"""
FALSE_ASSERTION = """
run "a" {
  assert {
    condition     = output.a == 2
    error_message = "not two"
  }
}
"""


def test_every_fault_has_its_reason() -> None:
    assert sorted(REASONS) == sorted(folder.name for folder in WRONG.iterdir())


@pytest.mark.parametrize("fault", REASONS)
def test_it_is_refused(fault: str, engine: Engine, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(WRONG / fault, tmp_path / fault))
    assert engine.init(folder).ok
    answer = engine.plan(folder)

    assert not answer.ok
    for reason in REASONS[fault]:
        assert reason in answer.text


def test_with_all_declared_the_hardening_strategy_is_still_refused(
    engine: Engine, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(WRONG / "hardening_strategy", tmp_path / "strategy"))
    (folder / "declared.tf").write_text(DECLARED)
    assert engine.init(folder).ok
    answer = engine.plan(folder)

    assert 'An argument named "require_ssl" is not expected here' in answer.text
    assert 'Blocks of type "disk_encryption_configuration" are not expected here' in answer.text
    assert "has not been declared" not in answer.text


def test_formatting_is_looked_at(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('locals {\n  a="b"\n}\n')

    assert engine.unformatted(tmp_path) == ["main.tf"]


def test_a_false_assertion_fails(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('output "a" {\n  value = 1\n}\n')
    (tmp_path / "main.tftest.hcl").write_text(FALSE_ASSERTION)
    assert engine.init(tmp_path).ok
    answer = engine.test(tmp_path)

    assert not answer.ok
    assert "not two" in answer.text
