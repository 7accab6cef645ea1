"""Secrets that are like no other text go through a real server, well and badly, and leave no trace.

Looked through are the log, the metrics, every answer that is a problem, and what PostgreSQL writes
when it logs every statement.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from support.server import REPOSITORY, RunningServer, give_root_key, leaks

from coditect_license.private_postgres import PrivatePostgres, running_postgres
from tests.support.ports import free_port
from tests.support.postgres import folder_for_postgres
from tests.support.valkey import PASSWORD, running_valkey
from tests.support.waiting import until

ACQUIRE = "/api/v1/licenses/acquire/"
SESSIONS = "/api/v1/licenses/sessions/"
NOBODY = "00000000-0000-4000-8000-000000000000"
ALL_STATEMENTS = {
    "log_statement": "all",
    "log_connections": "on",
    "log_min_duration_statement": "0",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
}
"""As docs/how-to/deploy-settings.md has it, for whoever logs statements at all."""

SECRETS = {
    "Django's secret key": "canary-django-7Qm2xV9kTz4LwB8rHc3NpS6yJd1FgE5aUoKi0nXvR",
    "the pepper": "c0ffee5ec2e7" * 5 + "7e57",
    "the password of the database": "canary-database-Vd83kLq",
    "the password of Valkey": PASSWORD,
    "a hardware id": "canary-hardware-9fK2m",
    "another hardware id": "canary-device-4hT7c",
    "an instance": "canary-instance-3dW8v",
    "a nonce": "canary-nonce-6bX1z",
    "metadata": "canary-metadata-2sY5q",
    "an API token": "cdtsa1_canary0token1canary2token3canary4token5x",
    "a password": "canary-password-8gR4n",
    "an e-mail address": "canary.person@mail.example",
    "a license key that nobody has": "CDT1-CANAR-YKEYN-0BODY-HASXX-XXXXX-XXXXX",
    "a query": "canary-query-5tB2p",
    "a header": "canary-header-1kZ9w",
}


@pytest.fixture
def postgres() -> Iterator[tuple[PrivatePostgres, Path]]:
    with (
        folder_for_postgres() as folder,
        running_postgres(folder, durable=False, settings=ALL_STATEMENTS) as server,
    ):
        server.ensure_database("license")
        yield server, folder / "server.log"


class Watched:
    """A server, and everything it said that a stranger may come to read."""

    def __init__(self, server: RunningServer) -> None:
        self.server = server
        self.problems: list[str] = []
        self.statuses: list[int] = []

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        answer = httpx.request(method, self.server.base_url + path, timeout=30, **options)
        self.statuses.append(answer.status_code)
        if answer.status_code >= 400:
            self.problems.append(f"{answer.headers}{answer.text}")
        return answer


def use_well(of: Watched, key: str, token: str) -> dict[str, Any]:
    """Make good calls with every kind of secret in them; return the lease."""
    bearer = {"authorization": f"Bearer {token}", "x-canary": SECRETS["a header"]}
    body = {
        "license_key": key,
        "hardware_id": SECRETS["a hardware id"],
        "instance_id": SECRETS["an instance"],
        "nonce": SECRETS["a nonce"],
        "metadata": {"note": SECRETS["metadata"], "who": SECRETS["an e-mail address"]},
    }
    held: dict[str, Any] = of.call("POST", ACQUIRE, json=body, headers=bearer).json()
    session = f"{SESSIONS}{held['session_id']}/"
    beat = {"instance_id": SECRETS["an instance"], "nonce": SECRETS["a nonce"]}
    of.call("PATCH", f"{session}heartbeat/", json=beat, headers={"authorization": f"License {key}"})
    of.call("GET", session, headers=bearer)
    of.call("GET", "/api/docs/", params={"q": SECRETS["a query"]}, headers=bearer)
    of.call("DELETE", session, params={"instance_id": SECRETS["an instance"]}, headers=bearer)
    assert set(of.statuses) <= {200, 201, 204}, of.statuses
    return held


def use_badly(of: Watched, key: str, token: str, held: dict[str, Any]) -> None:
    """Make calls that are refused, one for each way to be."""
    session = f"{SESSIONS}{held['session_id']}/"
    credentials = [
        f"Bearer {token[:-8]}AAAAAAAA",
        f"Bearer {SECRETS['an API token']}",
        f"Bearer {SECRETS['a password']}",
        f"License {SECRETS['a license key that nobody has']}",
        f"Basic {SECRETS['a password']}",
        SECRETS["a password"],
        f"{SECRETS['a password']} {key}",
    ]
    for credential in credentials:
        for path in (session, "/api/v1/nowhere/", "/api/docs/"):
            headers = {"authorization": credential}
            of.call("GET", path, headers=headers, params={"q": SECRETS["a query"]})
    good = {"authorization": f"Bearer {token}"}
    for body in (
        {"license_key": key},
        {"license_key": key, "hardware_id": 7, "nonce": SECRETS["a nonce"]},
        {"license_key": key, "hardware_id": "x", "metadata": [SECRETS["metadata"]]},
        {"license_key": SECRETS["a license key that nobody has"], "hardware_id": "x"},
        [SECRETS["metadata"]],
    ):
        of.call("POST", ACQUIRE, json=body, headers=good)
    for text in (f'{{"license_key": "{key}"', f'"{SECRETS["metadata"]}"', key, token):
        for path in (ACQUIRE, "/api/v1/nowhere/"):
            json_text = {**good, "content-type": "application/json"}
            of.call("POST", path, content=text, headers=json_text)
    shown = {"license_token": held["license_token"], "delegation": held["delegation"]}
    of.call("PATCH", f"{SESSIONS}{NOBODY}/heartbeat/", json=shown, headers=good)
    of.call("PATCH", f"{session}heartbeat/", json={"nonce": token[:128]}, headers=good)
    for secret in (key, token, SECRETS["an e-mail address"], SECRETS["an API token"]):
        of.call("GET", f"/api/v1/members/{secret}/", headers=good)
        of.call("GET", f"{SESSIONS}{secret}/", headers=good)


def make_it_fail(of: Watched, database: str, key: str) -> None:
    """Have the database refuse values, lose tables, and end every connection."""
    body = {
        "license_key": key,
        "hardware_id": SECRETS["another hardware id"],
        "instance_id": SECRETS["an instance"],
        "metadata": {"note": SECRETS["metadata"]},
    }
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute(
            "ALTER TABLE license_session ADD CONSTRAINT c CHECK (metadata = '{}') NOT VALID"
        )
        refused = of.call("POST", ACQUIRE, json=body)
        owner.execute("ALTER TABLE license_session DROP CONSTRAINT c")
        owner.execute("ALTER TABLE license_session RENAME TO elsewhere")
        broken = of.call("POST", ACQUIRE, json=body)
        owner.execute("ALTER TABLE elsewhere RENAME TO license_session")
        owner.execute("ALTER TABLE trusted_issuer RENAME TO elsewhere")
        bearer = {"authorization": f"Bearer {SECRETS['a password']}.x.{SECRETS['a nonce']}"}
        of.call("GET", "/api/v1/nowhere/", headers=bearer)
        owner.execute("ALTER TABLE elsewhere RENAME TO trusted_issuer")
        owner.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        )
        of.call("POST", ACQUIRE, json=body)
    assert (refused.status_code, broken.status_code) == (503, 503)


def folder_with_key(folder: Path) -> Path:
    folder.mkdir(mode=0o700)
    give_root_key(folder)
    return folder


def settings_with(database: str, valkey: str, metrics: int) -> dict[str, str]:
    password = SECRETS["the password of the database"]
    return {
        "LICENSE_DATABASE_URL": database.replace("license@", f"license:{password}@"),
        "LICENSE_REDIS_URL": valkey,
        "DJANGO_SECRET_KEY": SECRETS["Django's secret key"],
        "LICENSE_KEY_PEPPER_1": SECRETS["the pepper"],
        "LICENSE_METRICS_PORT": str(metrics),
    }


def test_no_secret_is_in_any_log_metric_problem_or_statement(
    postgres: tuple[PrivatePostgres, Path], tmp_path: Path
) -> None:
    (database, statements), metrics = postgres, free_port()
    with running_valkey(tmp_path) as valkey:
        settings = settings_with(database.url("license"), valkey.url, metrics)
        with RunningServer(folder_with_key(tmp_path / "data"), settings) as server:
            server.start()
            of, key, token = Watched(server), server.demo["license_key"], server.demo["token"]
            held = use_well(of, key, token)
            use_badly(of, key, token, held)
            make_it_fail(of, database.url("license"), key)
            valkey.kill()
            until(lambda: any("Valkey is away" in line for line in server.output))
            scraped = httpx.get(f"http://127.0.0.1:{metrics}/metrics").text

    printed = "".join(line for line in server.output if not line.startswith("  -d "))
    written = statements.read_text(errors="replace")
    secrets = [*SECRETS.values(), key, token, held["license_token"], held["delegation"]]
    problems = "\n".join(of.problems)
    places = {"log": printed, "metrics": scraped, "problems": problems, "statements": written}
    assert leaks(secrets, places) == []
    assert written.count("INSERT INTO seat") > 1, "the statements were not logged at all"
    assert {400, 401, 404, 503} <= set(of.statuses)
    assert '"severity":"ERROR"' in printed, "nothing failed"


@pytest.mark.parametrize("place", ["log", "metrics", "problems", "statements"])
def test_a_planted_leak_is_found_in_every_place(place: str) -> None:
    places = dict.fromkeys(("log", "metrics", "problems", "statements"), "nothing")
    places[place] += f' {{"message": "got {SECRETS["a nonce"]}"}}'

    assert leaks(SECRETS.values(), places) == [f"canary… is in the {place}"]


def test_a_server_that_logs_a_secret_is_found_out(tmp_path: Path) -> None:
    """The check that every server of every test has to pass, on one that says its demo's key."""
    folder = folder_with_key(tmp_path / "data")
    planted = tmp_path / "planted.py"
    planted.write_text(
        "import runpy, sys, threading, time, json, pathlib\n"
        "def say():\n"
        "    demo = pathlib.Path('demo.json')\n"
        "    while not demo.exists() or not demo.read_text():\n"
        "        time.sleep(0.05)\n"
        "    print('said:', json.loads(demo.read_text())['token'], flush=True)\n"
        "threading.Thread(target=say, daemon=True).start()\n"
        "sys.argv = sys.argv[1:]\n"
        f"sys.path.insert(0, {str(REPOSITORY / 'backend')!r})\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')\n"
    )
    server = RunningServer(folder, {})
    server._command.insert(1, str(planted))
    server.start()
    until(lambda: any(line.startswith("said:") for line in server.output))

    with pytest.raises(AssertionError, match="is in the log"):
        server.stop()
