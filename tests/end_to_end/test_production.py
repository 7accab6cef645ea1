"""The production profile as a process: PostgreSQL, Cloud KMS, every secret given."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from support.server import REPOSITORY, RunningServer

from coditect_license.plane_logins import ensure_control_login, ensure_leasing_login
from coditect_license.private_postgres import PrivatePostgres, running_postgres
from tests.support.cloud_kms import CloudKms, cloud_kms

ACQUIRE = "/api/v1/licenses/acquire/"
SECONDS = 60
SECRETS = {
    "DJANGO_SECRET_KEY": "a secret for tests alone, " * 3,
    "LICENSE_KEY_PEPPER_1": "0123456789abcdef" * 4,
    "LICENSE_AUDIT_KEY": Ed25519PrivateKey.generate()
    .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    .decode(),
}


@pytest.fixture
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivatePostgres]:
    folder = tmp_path_factory.mktemp("postgres")
    for parent in (folder, folder.parent, folder.parent.parent):
        parent.chmod(0o755)  # as root the database runs as nobody
    with running_postgres(folder, durable=False) as server:
        server.ensure_database("license")
        ensure_leasing_login(server, "license_leasing")
        ensure_control_login(server, "license_control")
        yield server


@pytest.fixture
def kms(tmp_path: Path) -> Iterator[CloudKms]:
    with cloud_kms(tmp_path / "kms") as running:
        yield running


def settings_of(postgres: PrivatePostgres, kms: CloudKms) -> dict[str, str]:
    return SECRETS | {
        "LICENSE_DATABASE_URL": postgres.url("license"),
        "LICENSE_SIGNER": "kms",
        "CLOUD_KMS_KEY_VERSION_NAME": str(kms.version),
        "GOOGLE_APPLICATION_CREDENTIALS": str(kms.account),
        "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": str(kms.server.certificate.file),
    }


def production(settings: dict[str, str], postgres: PrivatePostgres) -> dict[str, str]:
    return settings | {
        "LICENSE_DATABASE_URL": postgres.url("license", login="license_control"),
        "LICENSE_LEASING_DATABASE_URL": postgres.url("license", login="license_leasing"),
        "LICENSE_PROFILE": "production",
        "LICENSE_ISSUER": "https://licenses.example",
        "LICENSE_ALLOWED_HOSTS": "127.0.0.1",
    }


def refused(settings: dict[str, str], folder: Path) -> str:
    """Run ``manage.py serve`` where it must not start; return what it says."""
    ended = subprocess.run(
        [sys.executable, str(REPOSITORY / "backend/manage.py"), "serve"],
        env=os.environ | settings,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert ended.returncode != 0
    assert "Traceback" not in ended.stderr
    return ended.stderr


def test_production_starts_from_the_stored_key_and_trusts_no_development_issuer(
    postgres: PrivatePostgres, kms: CloudKms, tmp_path: Path
) -> None:
    settings = settings_of(postgres, kms)
    folder = tmp_path / "data"
    folder.mkdir()
    tried_out = RunningServer(folder, settings | {"CLOUD_KMS_ENDPOINT": kms.server.address})
    with tried_out:
        tried_out.start()
        signed = httpx.post(
            tried_out.base_url + ACQUIRE,
            json={"license_key": tried_out.demo["license_key"], "hardware_id": "laptop"},
        ).json()
    said = refused(production(settings, postgres), tmp_path)
    with psycopg.connect(postgres.url("license")) as connection:
        connection.execute("UPDATE trusted_issuer SET enabled = false")
    server = RunningServer(
        folder, production(settings, postgres), command="serve"
    )  # no way to Google here

    with server:
        server.start()
        live = httpx.get(f"{server.base_url}/health/live")
        ready = httpx.get(f"{server.base_url}/health/ready")
        answer = httpx.post(
            server.base_url + ACQUIRE,
            json={"license_key": tried_out.demo["license_key"], "hardware_id": "laptop"},
        )
        jwks = httpx.get(f"{server.base_url}/.well-known/jwks.json").json()

    assert "identity.E001" in said
    assert (live.status_code, ready.status_code) == (200, 503)
    assert (answer.status_code, answer.json()["error"]) == (503, "signing_unavailable")
    assert signed["license_data"]["key_id"] in {key["kid"] for key in jwks["keys"]}
    assert any("signing under the stored public key" in line for line in server.output)


def test_a_first_start_that_cannot_learn_the_key_is_one_clear_line(
    postgres: PrivatePostgres, kms: CloudKms, tmp_path: Path
) -> None:
    settings = production(settings_of(postgres, kms), postgres)
    owner = {"LICENSE_DATABASE_URL": postgres.url("license")}
    migrated = subprocess.run(
        [sys.executable, str(REPOSITORY / "backend/manage.py"), "migrate", "-v0"],
        env=os.environ | settings | owner,
        cwd=tmp_path,
        timeout=SECONDS,
        check=False,
    )

    said = refused(settings, tmp_path)

    assert migrated.returncode == 0
    assert "the server did not start" in said


def test_s11_a_server_with_the_owners_login_does_not_start(
    postgres: PrivatePostgres, kms: CloudKms, tmp_path: Path
) -> None:
    """To the owner of the tables the walls mean nothing, outside a tenant's transaction."""
    owner = {"LICENSE_DATABASE_URL": postgres.url("license")}
    settings = production(settings_of(postgres, kms), postgres)
    subprocess.run(
        [sys.executable, str(REPOSITORY / "backend/manage.py"), "migrate", "-v0"],
        env=os.environ | settings | owner,
        cwd=tmp_path,
        timeout=SECONDS,
        check=True,
    )

    said = refused(settings | owner, tmp_path)

    assert "tenants.E001" in said
    assert "LICENSE_DATABASE_URL owns the tables" in said
