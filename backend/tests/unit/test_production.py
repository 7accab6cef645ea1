"""The production profile takes nothing for granted, and says everything that is wrong at once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from coditect_license.production import require_production_settings
from foundation.env import EnvironmentMistake
from signing.checks import root_is_fit_for_the_profile

AUDIT_KEY = (
    Ed25519PrivateKey.generate()
    .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    .decode()
)
MANAGE = Path(__file__).parents[2] / "manage.py"
GOOD = {
    "LICENSE_DATABASE_URL": "postgresql://license:secret-of-the-base@10.0.0.3/license",
    "LICENSE_SIGNER": "kms",
    "CLOUD_KMS_PROJECT_ID": "coditect-cloud-infra",
    "CLOUD_KMS_LOCATION": "us-central1",
    "DJANGO_SECRET_KEY": "correct horse battery staple, and so on until it is 50",
    "LICENSE_KEY_PEPPER_1": "0123456789abcdef" * 4,
    "LICENSE_AUDIT_KEY": AUDIT_KEY,
    "LICENSE_ISSUER": "https://licenses.coditect.ai",
    "LICENSE_ALLOWED_HOSTS": "licenses.coditect.ai",
}
DEMANDED = [name for name in GOOD if not name.startswith("CLOUD_KMS")]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in list(os.environ):
        if name.startswith(("LICENSE_", "CLOUD_KMS_", "DJANGO_SECRET")):
            monkeypatch.delenv(name)
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def mistakes() -> list[str]:
    with pytest.raises(EnvironmentMistake) as mistake:
        require_production_settings()
    return str(mistake.value).splitlines()


def test_these_settings_are_all_it_needs(environment: pytest.MonkeyPatch) -> None:
    require_production_settings()


@pytest.mark.parametrize("name", [*GOOD])
def test_each_of_them_is_demanded_by_name(environment: pytest.MonkeyPatch, name: str) -> None:
    environment.delenv(name)

    (line,) = mistakes()
    assert name in line


def test_everything_that_is_missing_is_said_at_once_in_a_line_each(
    environment: pytest.MonkeyPatch,
) -> None:
    for name in DEMANDED:
        environment.delenv(name)

    lines = mistakes()

    assert len(lines) == len(DEMANDED)
    for name, line in zip(DEMANDED, lines, strict=True):
        assert line.startswith(f"LICENSE_PROFILE=production: {name} must be")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LICENSE_DATABASE_URL", "sqlite:///license.sqlite3"),
        ("LICENSE_SIGNER", "local"),
        ("LICENSE_SIGNER", "file"),
        ("CLOUD_KMS_KEY_VERSION", "latest"),
        ("CLOUD_KMS_ENDPOINT", "127.0.0.1:9011"),
        ("CLOUD_KMS_ENDPOINT", "cloudkms.googleapis.com.example"),
        ("CLOUD_KMS_ENDPOINT", "example/cloudkms.googleapis.com"),
        ("DJANGO_SECRET_KEY", "short"),
        ("DJANGO_SECRET_KEY", "ab" * 40),
        ("LICENSE_KEY_PEPPER_1", "0123456789abcdef"),
        ("LICENSE_KEY_PEPPER_1", "a pepper that is no hexadecimal, and long enough to be one"),
        ("LICENSE_AUDIT_KEY", "a key that is no key"),
        ("LICENSE_AUDIT_KEY", AUDIT_KEY.replace("MC4C", "MC4D")),
        ("LICENSE_ISSUER", "http://licenses.coditect.ai"),
        ("LICENSE_ISSUER", "https://licenses.coditect.ai/"),
        ("LICENSE_ISSUER", "https://user@licenses.coditect.ai"),
        ("LICENSE_ISSUER", "licenses.coditect.ai"),
        ("LICENSE_ALLOWED_HOSTS", "*"),
        ("LICENSE_ALLOWED_HOSTS", "licenses.coditect.ai, *"),
        ("LICENSE_ALLOWED_HOSTS", " , "),
    ],
)
def test_what_is_unsafe_is_refused_and_no_secret_is_shown(
    environment: pytest.MonkeyPatch, name: str, value: str
) -> None:
    environment.setenv(name, value)

    (line,) = mistakes()

    assert name in line
    secrets = (GOOD["DJANGO_SECRET_KEY"], GOOD["LICENSE_KEY_PEPPER_1"], "secret-of-the-base")
    for secret in (*secrets, AUDIT_KEY.splitlines()[1]):
        assert secret not in line
    if name in {"DJANGO_SECRET_KEY", "LICENSE_KEY_PEPPER_1", "LICENSE_AUDIT_KEY"}:
        assert value not in line


@pytest.mark.parametrize(
    ("workload", "spared"),
    [
        ("server", set()),
        ("leasing", {"DJANGO_SECRET_KEY", "LICENSE_AUDIT_KEY"}),
        ("console", {"LICENSE_AUDIT_KEY"}),
        ("worker", {"DJANGO_SECRET_KEY", "LICENSE_KEY_PEPPER_1"}),
        ("migrate", {"DJANGO_SECRET_KEY", "LICENSE_KEY_PEPPER_1", "LICENSE_AUDIT_KEY"}),
    ],
)
def test_a_workload_is_asked_for_its_own_secrets_alone(
    environment: pytest.MonkeyPatch, workload: str, spared: set[str]
) -> None:
    environment.setenv("LICENSE_WORKLOAD", workload)
    secrets = {"DJANGO_SECRET_KEY", "LICENSE_KEY_PEPPER_1", "LICENSE_AUDIT_KEY"}
    for name in secrets:
        environment.delenv(name)

    missing = secrets - spared
    if missing:
        assert {name for name in secrets for line in mistakes() if name in line} == missing
    else:
        require_production_settings()


def test_a_workload_that_there_is_not_is_refused(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("LICENSE_WORKLOAD", "frontend")

    (line,) = mistakes()
    assert line == "LICENSE_WORKLOAD must be one of: server, leasing, console, worker, migrate"


@pytest.mark.parametrize(
    "endpoint", ["cloudkms.us-central1.rep.googleapis.com", "cloudkms-x.p.googleapis.com:443"]
)
def test_a_private_way_to_google_is_an_endpoint(
    environment: pytest.MonkeyPatch, endpoint: str
) -> None:
    environment.setenv("CLOUD_KMS_ENDPOINT", endpoint)

    require_production_settings()


def checked(folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run ``manage.py check`` in a process that has these settings and nothing of ours."""
    system = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, str(MANAGE), "check"],
        env={**system, **settings},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_program_starts_with_them_and_leaves_no_file(tmp_path: Path) -> None:
    result = checked(tmp_path, LICENSE_DATA_DIR=str(tmp_path / "data"), **GOOD)

    assert (result.returncode, result.stderr) == (0, ""), result.stderr
    assert not (tmp_path / "data").exists()


def test_without_the_audit_key_nothing_in_production_makes_one(tmp_path: Path) -> None:
    given = {name: value for name, value in GOOD.items() if name != "LICENSE_AUDIT_KEY"}
    program = (
        "import django; django.setup()\n"
        "from coditect_license.notary import notary_from_settings\n"
        "notary_from_settings()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(MANAGE.parent),
            "DJANGO_SETTINGS_MODULE": "coditect_license.settings",
            "LICENSE_WORKLOAD": "console",
            **given,
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert "LICENSE_AUDIT_KEY is not set: LICENSE_WORKLOAD is console" in done.stderr


def test_the_program_refuses_to_start_with_clear_lines_and_nothing_else(tmp_path: Path) -> None:
    result = checked(tmp_path)

    assert result.returncode == 2
    lines = result.stderr.splitlines()
    assert len(lines) == len(DEMANDED)
    assert all(line.startswith("error: LICENSE_PROFILE=production: ") for line in lines)


def test_a_local_root_key_outside_embedded_is_an_error_of_the_system_check() -> None:
    (error,) = root_is_fit_for_the_profile(signer="local", embedded=False)

    assert error.id == "signing.E001"
    assert error.is_serious()
    assert root_is_fit_for_the_profile(signer="kms", embedded=False) == []
    assert root_is_fit_for_the_profile(signer="local", embedded=True) == []


def test_license_data_is_signed_unless_an_operator_says_no(tmp_path: Path) -> None:
    def direct_signing(**settings: str) -> str:
        program = "from coditect_license import settings; print(settings.LICENSE_DIRECT_SIGNING)"
        return subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONPATH": str(MANAGE.parent), **settings},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        ).stdout.strip()

    embedded = {"LICENSE_PROFILE": "embedded", "LICENSE_DATA_DIR": str(tmp_path)}
    assert direct_signing(**GOOD) == "True"
    assert direct_signing(**embedded) == "True"
    assert direct_signing(**GOOD, LICENSE_DIRECT_SIGNING="off") == "False"
