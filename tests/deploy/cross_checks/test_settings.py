"""What the manifests give a workload is what its settings demand: no secret less, and none more."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from deploy.cross_checks.code import of_the_code
from deploy.cross_checks.environments import (
    MOUNTED_AT,
    WORKLOADS,
    environment_of,
    mounted,
    system,
    with_files,
)
from deploy.kubernetes.kubectl import REPOSITORY
from deploy.kubernetes.rendering import ON_GOOGLE, of_kind, pod_templates, render

from coditect_license.production import require_production_settings
from coditect_license_token.algorithms import RSA_SIGN_PKCS1_4096_SHA256
from foundation.env import EnvironmentMistake

_MANAGE: Final = REPOSITORY / "backend/manage.py"
_IDLE_OF_THE_BALANCER: Final = 600
"""Seconds for which Google's load balancers keep an idle connection to a backend."""

_SPARE: Final = 10  # seconds between the end of draining and the kill
_DEMANDED: Final = {
    "license-django-secret-key": "DJANGO_SECRET_KEY",
    "license-key-pepper-1": "LICENSE_KEY_PEPPER_1",
    "license-audit-key": "LICENSE_AUDIT_KEY",
    "license-database-url": "LICENSE_DATABASE_URL",
    "license-migrate-database-url": "LICENSE_DATABASE_URL",
}
"""The secrets without which production does not start; the others have a meaning when absent."""


@pytest.mark.parametrize(
    ("overlay", "account"),
    [*(("production", account) for account in WORKLOADS), ("staging", "license-console")],
)
def test_a_workload_starts_with_what_the_manifests_give_it(
    overlay: str, account: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, str(_MANAGE), "check", "--fail-level", "WARNING"],
        env=system() | with_files(environment_of(overlay, account), tmp_path),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, ""), done.stderr


@pytest.mark.parametrize("account", WORKLOADS)
def test_without_any_one_of_its_demanded_secrets_a_workload_names_it(
    account: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [one for one in os.environ if one.startswith(("LICENSE_", "CLOUD_", "DJANGO_"))]:
        monkeypatch.delenv(name)
    environment = with_files(environment_of("production", account), tmp_path)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    require_production_settings()

    for secret in mounted("production", account).keys() & _DEMANDED.keys():
        with monkeypatch.context() as without:
            without.delenv(f"{_DEMANDED[secret]}_FILE")
            with pytest.raises(EnvironmentMistake, match=_DEMANDED[secret]):
                require_production_settings()


@pytest.mark.parametrize("overlay", ON_GOOGLE)
@pytest.mark.parametrize("account", WORKLOADS)
def test_every_mounted_secret_is_read_and_every_read_file_is_mounted(
    overlay: str, account: str
) -> None:
    environment = environment_of(overlay, account)
    read = {
        Path(value).name
        for name, value in environment.items()
        if name.endswith("_FILE") and Path(value).parent == MOUNTED_AT
    }

    secrets = mounted(overlay, account)
    assert read == {*secrets}
    assert all(name.split("/")[3] == file for file, name in secrets.items())


@pytest.mark.parametrize("overlay", ON_GOOGLE)
def test_no_secret_stands_in_a_manifest(overlay: str) -> None:
    manifests = render(overlay)

    assert of_kind(manifests, "Secret") == {}
    for account in WORKLOADS:
        named = environment_of(overlay, account)
        assert not {*named} & {"DJANGO_SECRET_KEY", "LICENSE_KEY_PEPPER_1", "LICENSE_AUDIT_KEY"}
        assert not {*named} & {"LICENSE_DATABASE_URL", "LICENSE_LEASING_DATABASE_URL"}
        assert "LICENSE_REDIS_PASSWORD" not in named


@pytest.mark.parametrize("overlay", ON_GOOGLE)
def test_who_has_no_way_to_redis_is_told_of_none(overlay: str) -> None:
    for account in WORKLOADS:
        url = environment_of(overlay, account)["LICENSE_REDIS_URL"]
        assert url == ("" if account in {"license-worker", "license-migrate"} else _REDIS)


_REDIS: Final = "rediss://10.159.63.195:6378/0"


@pytest.mark.parametrize("overlay", ON_GOOGLE)
@pytest.mark.parametrize("name", ["coditect-license-api", "coditect-license-console"])
def test_a_pod_drains_no_shorter_than_the_balancer_and_before_it_is_killed(
    overlay: str, name: str
) -> None:
    manifests = render(overlay)
    spec = dict(pod_templates(manifests))[f"Deployment/{name}"]["spec"]
    config = of_kind(manifests, "ConfigMap")["environment-config"]["data"]
    backends = of_kind(manifests, "BackendConfig").values()

    sleep = spec["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    drained = sleep + int(config["LICENSE_DRAIN_NOTICE_SECONDS"]) + of_the_code()["drain_seconds"]
    draining = {one["spec"]["connectionDraining"]["drainingTimeoutSec"] for one in backends}
    assert draining == {60}
    assert max(draining) <= drained <= spec["terminationGracePeriodSeconds"] - _SPARE


@pytest.mark.parametrize("overlay", ON_GOOGLE)
def test_a_connection_is_kept_longer_than_the_balancer_keeps_it(overlay: str) -> None:
    config = of_kind(render(overlay), "ConfigMap")["environment-config"]["data"]

    assert int(config["LICENSE_KEEP_ALIVE_SECONDS"]) > _IDLE_OF_THE_BALANCER
    assert config["LICENSE_FORWARDED_HOPS"] == "2"


@pytest.mark.parametrize("overlay", ON_GOOGLE)
def test_probes_and_health_checks_ask_where_the_leasing_plane_answers(overlay: str) -> None:
    manifests, health = render(overlay), of_the_code()["health"]

    for config in of_kind(manifests, "BackendConfig").values():
        assert config["spec"]["healthCheck"]["requestPath"] == health
    for name, template in pod_templates(manifests):
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            asked = template["spec"]["containers"][0].get(probe)
            expected = f"{health}/" if "worker" not in name else "/metrics"
            assert asked is None or asked["httpGet"]["path"].startswith(expected)


def test_the_algorithm_is_one_word_in_token_and_signer() -> None:
    assert of_the_code()["algorithm"] == RSA_SIGN_PKCS1_4096_SHA256


@pytest.mark.parametrize(
    ("overlay", "expected"),
    [
        (
            "production",
            ("coditect-cloud-infra", "us-central1", "coditect-license-keys"),
        ),
        ("production-shared-ip", ("coditect-cloud-infra", "us-central1", "coditect-license-keys")),
        ("staging", ("coditect-citus-staging", "us-central1", "coditect-license-keys")),
    ],
)
def test_the_signing_key_is_the_one_of_the_checkpoint(
    overlay: str, expected: tuple[str, str, str]
) -> None:
    config = of_kind(render(overlay), "ConfigMap")["environment-config"]["data"]

    names = ("CLOUD_KMS_PROJECT_ID", "CLOUD_KMS_LOCATION", "CLOUD_KMS_KEYRING")
    assert tuple(config[name] for name in names) == expected
    assert (config["CLOUD_KMS_KEY"], config["CLOUD_KMS_KEY_VERSION"]) == (
        "license-signing-key-v1",
        "1",
    )
