"""What the how-to says is what happens: its commands are run beside a real server and after it."""

import os
import re
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import httpx
from support.server import RunningServer, StartServer

REPOSITORY = Path(__file__).resolve().parents[2]
HOW_TO = (REPOSITORY / "docs/how-to/verify-the-audit.md").read_text()
AUDIT = (REPOSITORY / "docs/audit.md").read_text()
SETTINGS, SEAL, KEEP, EXPORT, VERIFY = (
    textwrap.dedent(block)
    for block in re.findall(r"^ *```sh\n(.*?)^ *```$", HOW_TO, re.MULTILINE | re.DOTALL)
)
BIN = Path(sys.executable).parent


def run(server: RunningServer, *blocks: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run blocks of the how-to as one script, on a server's data."""
    script = "\n".join([SETTINGS, *blocks]).replace(".venv/bin", str(BIN))
    return subprocess.run(
        ["bash", "-eu", "-c", script],
        cwd=REPOSITORY,
        env={**os.environ, "LICENSE_DATA_DIR": str(server.data_dir), **more},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def acquire(server: RunningServer, device: str) -> None:
    body = {"license_key": server.demo["license_key"], "hardware_id": device}
    answer = httpx.post(f"{server.base_url}/api/v1/licenses/acquire/", json=body)
    assert answer.status_code == 201


def test_an_audit_is_verified_as_the_how_to_says(start_server: StartServer) -> None:
    server = start_server()
    for number in range(3):
        acquire(server, f"laptop-{number}")
    server.stop()

    sealed = run(server, SEAL, KEEP)
    assert sealed.returncode == 0, sealed.stderr
    key = sealed.stdout.split("key of the checkpoints: ")[1].split()[0]
    assert "demo: good; " in sealed.stdout
    assert ", 0 records not sealed yet" in sealed.stdout

    verified = run(server, EXPORT, VERIFY, KEY=key)
    assert verified.returncode == 0, verified.stderr
    assert re.search(r"^verified +yes$", verified.stdout, re.MULTILINE)
    rows = sqlite3.connect(server.data_dir / "license.sqlite3").execute(
        "SELECT action, count(*) FROM audit_event GROUP BY action"
    )
    counted = dict(rows.fetchall())
    assert counted["seat.granted"] == 3
    assert counted["delegation.started"] == 1  # the server's own sealer wrote it down


def test_s15_what_was_done_to_the_database_shows_as_the_how_to_says(
    start_server: StartServer,
) -> None:
    server = start_server()
    acquire(server, "laptop")
    server.stop()
    sealed = run(server, SEAL, KEEP)
    assert sealed.returncode == 0, sealed.stderr
    key = sealed.stdout.split("key of the checkpoints: ")[1].split()[0]
    with sqlite3.connect(server.data_dir / "license.sqlite3") as database:
        database.execute("DELETE FROM audit_entry WHERE position = 2")
    database.close()

    here = run(server, SEAL.splitlines()[-1])
    there = run(server, EXPORT, VERIFY, KEY=key)

    assert here.returncode == 1
    assert "demo: NOT GOOD" in here.stdout
    assert there.returncode == 4
    assert "position at 2" in there.stdout


def test_every_link_leads_to_a_file() -> None:
    for document, folder in ((HOW_TO, "docs/how-to"), (AUDIT, "docs")):
        links = re.findall(r"\]\((?!http)([^)#]+)", document)

        assert links
        assert all((REPOSITORY / folder / link).exists() for link in links)
