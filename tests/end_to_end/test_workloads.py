"""One installation in three processes: who leases, who manages, who seals; none does another's."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, LiteralString, NamedTuple

import httpx
import psycopg
import pytest
from support.scrape import scrape
from support.server import REPOSITORY, RunningServer, start

from coditect_license.plane_logins import ensure_control_login, ensure_leasing_login
from coditect_license.private_postgres import PrivatePostgres, running_postgres
from tests.support.ports import free_port
from tests.support.waiting import until

API = "/api/v1/licenses/"
SECONDS = 60
MANAGE = REPOSITORY / "backend/manage.py"


class Installation(NamedTuple):
    """A console and leasing servers on one database, and what a worker beside them is given."""

    leasing: RunningServer
    console: RunningServer
    worker_environment: dict[str, str]
    database: str
    demo: dict[str, Any]

    def acquire(self, of: RunningServer, device: str = "laptop") -> httpx.Response:
        body = {"license_key": self.demo["license_key"], "hardware_id": device}
        return httpx.post(f"{of.base_url}{API}acquire/", json=body, timeout=SECONDS)

    def unsealed(self) -> int:
        """Return how many audit events are in no chain."""
        return self._number(
            "SELECT count(*) FROM audit_event e WHERE NOT EXISTS "
            "(SELECT FROM audit_entry b WHERE b.event_id = e.id)"
        )

    def signatures(self) -> int:
        """Return how many signatures are written down."""
        return self._number("SELECT coalesce(sum(count), 0) FROM signature_count")

    def _number(self, query: LiteralString) -> int:
        """Ask as who sees every row."""
        with psycopg.connect(self.database) as connection:
            row = connection.execute(query).fetchone()
        assert row is not None
        return int(row[0])


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivatePostgres]:
    folder = tmp_path_factory.mktemp("postgres")
    for parent in (folder, folder.parent, folder.parent.parent):
        parent.chmod(0o755)  # as root the database runs as nobody
    with running_postgres(folder, durable=False) as server:
        server.ensure_database("license")
        ensure_leasing_login(server, "license_leasing")
        ensure_control_login(server, "license_control")
        yield server


@pytest.fixture(scope="module")
def installation(
    postgres: PrivatePostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("installation") / "data"
    owner = postgres.url("license")
    with start(folder, {"LICENSE_DATABASE_URL": owner}) as first:  # makes tables and a license
        demo = first.demo
    logins = {
        "LICENSE_DATABASE_URL": postgres.url("license", login="license_control"),
        "LICENSE_LEASING_DATABASE_URL": postgres.url("license", login="license_leasing"),
    }
    with ExitStack() as running:
        leasing, console = (
            running.enter_context(
                RunningServer(folder, logins | {"LICENSE_WORKLOAD": name}, command="serve")
            )
            for name in ("leasing", "console")
        )
        leasing.start()
        console.start()
        environment = leasing.environment | {
            "LICENSE_WORKLOAD": "worker",
            "LICENSE_METRICS_PORT": str(free_port()),
        }
        yield Installation(leasing, console, environment, owner, demo)


@contextmanager
def working(environment: dict[str, str]) -> "Iterator[subprocess.Popen[str]]":
    process = subprocess.Popen(
        [sys.executable, str(MANAGE), "work"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=SECONDS)


def refused(environment: dict[str, str], *words: str) -> str:
    done = subprocess.run(
        [sys.executable, str(MANAGE), *words],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    return done.stderr


def test_the_leasing_plane_alone_leases_and_knows_no_other_address(
    installation: Installation,
) -> None:
    assert installation.acquire(installation.leasing).status_code in {200, 201}

    for path in (API, "/api/schema/", "/api/docs/", "/admin/", "/static/", "/"):
        answer = httpx.get(installation.leasing.base_url + path, timeout=SECONDS)
        assert (answer.status_code, answer.json()["error"]) == (404, "not_found"), path


def test_the_control_plane_alone_manages_and_leases_nothing(installation: Installation) -> None:
    bearer = {"authorization": f"Bearer {installation.demo['token']}"}
    listed = httpx.get(installation.console.base_url + API, headers=bearer, timeout=SECONDS)

    assert listed.status_code == 200, listed.text
    refusal = installation.acquire(installation.console)
    assert (refusal.status_code, refusal.json()["error"]) == (404, "not_found")
    assert httpx.get(f"{installation.console.base_url}/.well-known/jwks.json").status_code == 404


@pytest.mark.parametrize("path", ["/health", "/health/", "/health/live", "/health/ready/"])
def test_both_answer_probes_of_any_host(installation: Installation, path: str) -> None:
    for server in (installation.leasing, installation.console):
        answer = httpx.get(server.base_url + path, headers={"host": "10.8.0.7"}, timeout=SECONDS)

        assert (answer.status_code, answer.json()) == (200, {"status": "ok"}), answer.text


def test_the_console_takes_no_other_method_for_a_probe(installation: Installation) -> None:
    answer = httpx.post(f"{installation.console.base_url}/health", timeout=SECONDS)

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


def test_servers_that_do_not_seal_leave_it_to_the_worker(installation: Installation) -> None:
    installation.acquire(installation.leasing, device="a device that nobody has sealed")
    assert installation.unsealed() > 0

    with working(installation.worker_environment) as worker:
        until(lambda: installation.unsealed() == 0, seconds=SECONDS)
        metrics = f"http://127.0.0.1:{installation.worker_environment['LICENSE_METRICS_PORT']}/"
        until(lambda: bool(scrape(metrics).all_of("license_leases")), seconds=SECONDS)
        worker.send_signal(signal.SIGTERM)
        said, _ = worker.communicate(timeout=SECONDS)

    assert worker.returncode == 0, said
    assert "stopped: every audit event stays" in said


def test_signatures_are_written_down_where_nobody_seals(installation: Installation) -> None:
    before = installation.signatures()

    installation.acquire(installation.leasing, device="a device that is signed for")

    until(lambda: installation.signatures() > before, seconds=SECONDS)


def test_a_command_refuses_the_workload_of_another(installation: Installation) -> None:
    leasing = installation.leasing.environment

    assert "LICENSE_WORKLOAD is leasing, which seals not" in refused(leasing, "work")
    worker = installation.worker_environment
    assert "LICENSE_WORKLOAD is worker, which answers no calls" in refused(worker, "serve")


def test_a_workload_that_there_is_not_is_said_and_refused(tmp_path: Path) -> None:
    said = refused(
        {
            "LICENSE_PROFILE": "embedded",
            "LICENSE_DATA_DIR": str(tmp_path),
            "LICENSE_WORKLOAD": "api",
        },
        "check",
    )

    assert "LICENSE_WORKLOAD must be one of: server, leasing, console, worker, migrate" in said
