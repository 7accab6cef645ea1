"""The tool against the product itself: what stands in for kubectl runs the real commands here.

So that the stand-ins of the bats files cannot tell a story that the product does not.
"""

import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from deploy.incident_response.bats import HERE
from deploy.incident_response.pagers import KEY, PagerDuty, running_pagerduty
from end_to_end.processes import environment
from support.server import RunningServer, StartServer

from license_incident.program import main

REPOSITORY = HERE.parents[2]
INCIDENT = ["--incident", "inc-1", "--yes", "--confirm", "inc-1"]
KUBECTL = f"""#!{sys.executable}
import os, sys
words = sys.argv[1:]
place = os.environ["REAL_REPOSITORY"]
after = words[words.index("--") + 1:]
program = {{"python": sys.executable}}.get(after[0], os.path.join(place, after[0]))
os.chdir(place)
os.execv(program, [program, *after[1:]])
"""


@pytest.fixture(autouse=True)
def process_as_it_was() -> Iterator[None]:
    """The program is run in this process, and sets a mask for files and a signal of its own."""
    mask, ended = os.umask(0o022), signal.getsignal(signal.SIGTERM)
    yield
    os.umask(mask)
    signal.signal(signal.SIGTERM, ended)


@pytest.fixture
def server(
    start_server: StartServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> RunningServer:
    """A server with the demo's tenant, and a kubectl whose worker is this machine."""
    running = start_server()
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "kubectl").write_text(KUBECTL)
    (programs / "kubectl").chmod(0o755)
    told = environment(running.data_dir, running.port)
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", f"{programs}:{told['PATH']}")
    monkeypatch.setenv("REAL_REPOSITORY", str(REPOSITORY))
    monkeypatch.setenv("LICENSE_INCIDENT_DIRECTORY", str(tmp_path / "incidents"))
    return running


def admin(*words: str) -> Any:
    """Run license-admin as the operator does, and return what it answers."""
    ran = subprocess.run(
        [REPOSITORY / "scripts" / "license-admin", *words, "--json"],
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )
    return json.loads(ran.stdout)


def run(pagerduty: PagerDuty, monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[int, str]:
    monkeypatch.setenv("PAGERDUTY_URL", pagerduty.url)
    monkeypatch.setenv("PAGERDUTY_KEY", KEY)
    out = io.StringIO()
    return main([*words, *INCIDENT], out), out.getvalue()


def acquire(server: RunningServer, key: str) -> dict[str, Any]:
    body = {"license_key": key, "hardware_id": "laptop-7", "proofs": ["license_token"]}
    answer = httpx.post(f"{server.base_url}/api/v1/licenses/acquire/", json=body, timeout=60)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def heartbeat(server: RunningServer, key: str, held: dict[str, Any]) -> httpx.Response:
    path = f"/api/v1/licenses/sessions/{held['session_id']}/heartbeat/"
    return httpx.patch(
        f"{server.base_url}{path}", json={}, headers={"Authorization": f"License {key}"}, timeout=60
    )


def second_customer() -> str:
    """Make a customer beside the demo's and return his license's key."""
    admin("tenant", "create", "globex", "--name", "Globex")
    admin("product", "create", "globex-studio", "--tenant", "globex", "--name", "Studio")
    made = admin(
        *("license", "create", "--tenant", "globex", "--product", "globex-studio"),
        *("--tier", "pro", "--days", "30", "--key-auth"),
    )
    return str(made["license_key"])


def extensions(server: RunningServer) -> list[tuple[str, str]]:
    """Return the tenant and the incident of each record of an extension."""
    (ledger,) = server.data_dir.glob("*.sqlite3")
    rows = sqlite3.connect(ledger).execute(
        "SELECT t.slug, a.details FROM audit_event AS a JOIN tenant AS t ON t.id = a.tenant_id"
        " WHERE a.action = 'lease.extended'"
    )
    return [(slug, json.loads(details)["incident"]) for slug, details in rows]


def test_one_tenant_is_blocked_the_other_runs_on_and_the_evidence_is_there(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    innocent, accused = server.demo["license_key"], second_customer()
    held, theirs = acquire(server, innocent), acquire(server, accused)
    with running_pagerduty() as pagerduty:
        block = ["block-tenant", "--wait-seconds", "0", "--tenant"]
        status, said = run(pagerduty, monkeypatch, *block, "mallory")
        assert (status, extensions(server)) == (1, [])
        assert "there is no tenant mallory" in said

        status, said = run(pagerduty, monkeypatch, *block, "globex")
        assert status == 0, said
        beat = heartbeat(server, innocent, held).json()
        refused = heartbeat(server, accused, theirs)
        assert seconds_between(held, beat) > 3_000
        assert "license_token" in beat
        assert (refused.status_code, refused.json()["error"]) == (403, "license_suspended")
        assert extensions(server) == [("demo", "inc-1")]

        status, said = run(pagerduty, monkeypatch, "restore")
        assert status == 0, said
        assert heartbeat(server, accused, theirs).status_code == 200

        # Google's part fails: there is no gcloud here
        run(pagerduty, monkeypatch, "evidence", "--tenant", "demo")
    (folder,) = (tmp_path / "incidents" / "inc-1").glob("evidence-*")
    assert "demo: good" in (folder / "audit-verified.txt").read_text()
    assert "seat.granted" in (folder / "audit-export-demo.txt").read_text()
    assert (folder / "audit-checkpoint-demo.txt").exists()
    assert (folder / "MANIFEST.sha256").exists()


def seconds_between(earlier: dict[str, Any], later: dict[str, Any]) -> float:
    ends = (datetime.fromisoformat(one["lease_expires_at"]) for one in (earlier, later))
    first, second = ends
    return (second - first).total_seconds()
