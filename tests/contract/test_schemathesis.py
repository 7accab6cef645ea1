"""Every operation against the real server, by a tool that knows only the document."""

import json
import os
import re
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

from support.server import StartServer
from support.town import Neighbour, town

HERE = Path(__file__).parent
MOST_SECONDS = 900
ACCOUNTS = 60


def spares(alice: Neighbour) -> dict[str, Any]:
    """Make things that calls may use up."""
    robots = [
        alice.made("/api/v1/service-accounts/", {"name": f"robot {n}", "role": "member"})["id"]
        for n in range(ACCOUNTS)
    ]
    held = {"license_key": alice.things["license_key"], "hardware_id": "to end"}
    guest = {"email": "leaving@example.com", "role": "viewer"}
    sold = {"product": "demo-app", "tier": "pro", "expires_at": "2036-01-01T00:00:00Z"}
    return {
        "license_id": alice.made("/api/v1/licenses/", sold)["id"],  # its key is nobody's to lose
        "license_of_key": alice.things["license_id"],
        "accounts": robots[1:],
        "account_to_delete": robots[0],
        "session_to_end": alice.made("/api/v1/licenses/acquire/", held)["session_id"],
        "member_to_remove": alice.made("/api/v1/members/", guest)["id"],
    }


def test_the_server_does_what_the_document_says(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server()
    alice, bob = town(server, "alice", "bob")
    there = {**alice.things, "tenant_id": bob.things["tenant_id"], **spares(alice)}

    run = subprocess.run(
        [
            f"{sysconfig.get_path('scripts')}/schemathesis",
            *("--config-file", str(HERE / "schemathesis.toml")),
            *("run", f"{server.base_url}/api/schema/"),
        ],
        cwd=tmp_path,
        env={
            **os.environ,
            "SCHEMATHESIS_HOOKS": str(HERE / "schemathesis_hooks.py"),
            "CALLERS_TOKEN": alice.token("anything"),
            "THINGS_THAT_ARE_THERE": json.dumps(there),
        },
        capture_output=True,
        text=True,
        timeout=MOST_SECONDS,
        check=False,
    )

    alice.leave()
    bob.leave()
    assert run.returncode == 0, run.stdout + run.stderr
    assert re.search(r"(\d+) selected / \1 total", run.stdout), "an operation was left out"
    assert re.search(r"(\d+) covered / \1 selected", run.stdout), "a link was never followed"
