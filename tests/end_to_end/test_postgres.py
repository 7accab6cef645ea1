"""Servers over PostgreSQL: two processes, one ledger, one count of seats."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from support.server import REPOSITORY, RunningServer, start

from coditect_license.private_postgres import PrivatePostgres, running_postgres

SEATS = 10


@pytest.fixture
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivatePostgres]:
    folder = tmp_path_factory.mktemp("postgres")
    for parent in (folder, folder.parent, folder.parent.parent):
        parent.chmod(0o755)  # as root the database runs as nobody
    with running_postgres(folder, durable=False) as running:
        running.ensure_database("license")
        yield running


def acquire(server: RunningServer, device: str) -> httpx.Response:
    body = {"license_key": server.demo["license_key"], "hardware_id": device}
    return httpx.post(f"{server.base_url}/api/v1/licenses/acquire/", json=body)


def session_url(server: RunningServer, answer: Any) -> str:
    return f"{server.base_url}/api/v1/licenses/sessions/{answer.json()['session_id']}"


def test_s1_s4_two_servers_share_the_seats_of_one_ledger(
    postgres: PrivatePostgres, tmp_path: Path
) -> None:
    env = {"LICENSE_DATABASE_URL": postgres.url("license")}
    with start(tmp_path / "data", env) as one, start(tmp_path / "data", env) as other:
        key = {"Authorization": f"License {one.demo['license_key']}"}
        answers = [acquire((one, other)[n % 2], f"device-{n}") for n in range(SEATS)]
        denied = acquire(one, "one-more")
        again = acquire(other, "device-0")
        beat = httpx.patch(f"{session_url(other, answers[0])}/heartbeat/", json={}, headers=key)
        left = httpx.delete(f"{session_url(other, answers[0])}/", headers=key)
        granted = acquire(one, "one-more")

    assert [answer.status_code for answer in answers] == [201] * SEATS
    assert [answer.json()["seats"]["in_use"] for answer in answers] == list(range(1, SEATS + 1))
    assert denied.status_code == 409
    assert (again.status_code, again.json()["session_id"]) == (
        200,
        answers[0].json()["session_id"],
    )
    assert (beat.status_code, left.status_code, granted.status_code) == (200, 204, 201)


def test_a_database_that_cannot_be_reached_is_one_clear_line(tmp_path: Path) -> None:
    env = os.environ | {
        "LICENSE_PROFILE": "embedded",
        "LICENSE_DATA_DIR": str(tmp_path),
        "LICENSE_DATABASE_URL": "postgresql://license:hunter2@127.0.0.1:1/license",
    }
    ended = subprocess.run(
        [sys.executable, str(REPOSITORY / "backend/manage.py"), "serve"],
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 1
    assert "the database cannot be reached" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "hunter2" not in ended.stderr


def run_on_postgres(data_dir: Path, *command: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | {
        "LICENSE_PROFILE": "embedded",
        "LICENSE_DATA_DIR": str(data_dir),
        "PYTHONPATH": str(REPOSITORY / "backend"),
    }
    return subprocess.run(
        [sys.executable, "-m", "coditect_license.run_on_postgres", *command],
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_private_postgres_keeps_its_data_from_one_command_to_the_next(tmp_path: Path) -> None:
    assert "[ ]  leasing.0001_initial" in run_on_postgres(tmp_path, "showmigrations", "-p").stdout

    assert run_on_postgres(tmp_path, "migrate").returncode == 0

    assert "[X]  leasing.0001_initial" in run_on_postgres(tmp_path, "showmigrations", "-p").stdout
    assert run_on_postgres(tmp_path, "no-such-command").returncode == 1


def test_on_a_private_postgres_the_leasing_plane_has_a_login_of_its_own(tmp_path: Path) -> None:
    grant = (
        "from leasing.wiring import open_store; store = open_store();"
        "print(*store._connection.execute('SELECT session_user, current_user').fetchone());"
        "store.close()"
    )
    assert run_on_postgres(tmp_path, "migrate").returncode == 0

    told = run_on_postgres(tmp_path, "shell", "-c", grant)

    assert told.stdout.splitlines()[-1] == "license_leasing leasing"


ON_POSTGRES = ("sh", "-c", 'exec "$0" -m coditect_license.run_on_postgres "$2"')


def test_s11_on_a_private_postgres_a_server_is_held_by_the_walls(tmp_path: Path) -> None:
    environment = {"PYTHONPATH": str(REPOSITORY / "backend")}
    with RunningServer(tmp_path, environment, launcher=ON_POSTGRES) as server:
        server.start()
        bearer = {"Authorization": f"Bearer {server.demo['token']}"}
        granted = acquire(server, "laptop")
        read = httpx.get(f"{server.base_url}/api/v1/licenses/", headers=bearer)
        (socket,) = {
            line.split()[-1]
            for line in (tmp_path / "database/data/postmaster.pid").read_text().splitlines()
            if line.endswith("sockets") or "license-postgres-" in line
        }
        with psycopg.connect(host=socket, user="license", dbname="license") as owner:
            logins = owner.execute(
                "SELECT DISTINCT usename FROM pg_stat_activity"
                " WHERE datname = 'license' AND pid <> pg_backend_pid()"
            ).fetchall()

    assert "every acknowledged change is kept" in server.output[-1]
    assert (granted.status_code, read.status_code) == (201, 200)
    assert {name for (name,) in logins} <= {"license_control", "license_leasing"}
    assert ("license_leasing",) in logins
