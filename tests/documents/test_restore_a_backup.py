"""What the how-to says is what happens: its commands are run around a real server."""

import re
import subprocess
import textwrap
from pathlib import Path
from typing import Any

import httpx
from end_to_end.processes import environment
from support.server import RunningServer, StartServer

REPOSITORY = Path(__file__).resolve().parents[2]
HOW_TO = (REPOSITORY / "docs/how-to/restore-a-backup.md").read_text()
SETTINGS, BACK_UP, RESTORE = (
    textwrap.dedent(block)
    for block in re.findall(r"^ *```sh\n(.*?)^ *```$", HOW_TO, re.MULTILINE | re.DOTALL)
)


def run(server: RunningServer, *blocks: str) -> str:
    """Run blocks of the how-to as one script, on a server's data."""
    script = "\n".join([SETTINGS, *blocks])
    done = subprocess.run(
        ["bash", "-eu", "-c", script],
        cwd=REPOSITORY,
        env=environment(server.data_dir, server.port),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def acquire(server: RunningServer, device: str) -> dict[str, Any]:
    body = {
        "license_key": server.demo["license_key"],
        "hardware_id": device,
        "proofs": ["license_token"],
    }
    answer = httpx.post(f"{server.base_url}/api/v1/licenses/acquire/", json=body)
    held: dict[str, Any] = answer.json()
    return held


def heartbeat(server: RunningServer, held: dict[str, Any], *shown: str) -> int:
    body = {name: held[name] for name in shown} | {"license_key": server.demo["license_key"]}
    address = f"{server.base_url}/api/v1/licenses/sessions/{held['session_id']}/heartbeat/"
    return httpx.patch(address, json=body).status_code


def test_s2_nobody_loses_a_seat_by_a_restore_as_the_how_to_says(start_server: StartServer) -> None:
    server = start_server()
    before = acquire(server, "laptop")
    run(server, BACK_UP)
    since = acquire(server, "desktop")

    server.stop()
    printed = run(server, RESTORE)
    server.start()

    assert "reclaims are held" in printed
    assert heartbeat(server, before) == 200
    assert heartbeat(server, since) == 404
    assert heartbeat(server, since, "license_token", "delegation") == 200
    assert heartbeat(server, since) == 200
    assert acquire(server, "desktop")["session_id"] == since["session_id"]


def test_every_link_leads_to_a_file() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)", HOW_TO)

    assert links
    assert all((REPOSITORY / "docs/how-to" / link).exists() for link in links)
