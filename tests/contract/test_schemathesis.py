"""Every operation against the real server, by a tool that knows only the document."""

import json
import os
import re
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import httpx
from support.server import RunningServer, StartServer

HERE = Path(__file__).parent
MOST_SECONDS = 240
LICENSE = {"product": "demo-app", "tier": "pro", "expires_at": "2036-01-01T00:00:00Z"}


def seat(server: RunningServer) -> dict[str, str]:
    return {"license_key": server.demo["license_key"], "hardware_id": "device-0"}


def made(server: RunningServer, what: str, body: dict[str, Any]) -> dict[str, Any]:
    """Make a thing that addresses can name."""
    headers = {"authorization": f"Bearer {server.demo['token']}"}
    answer = httpx.post(f"{server.base_url}/api/v1/{what}/", json=body, headers=headers)
    thing: dict[str, Any] = answer.raise_for_status().json()
    return thing


def test_the_server_does_what_the_document_says(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server()
    there = {
        "session_id": made(server, "licenses/acquire", seat(server))["session_id"],
        "revoked_id": made(server, "licenses", LICENSE)["id"],
        "license_id": made(server, "licenses", LICENSE)["id"],
        "tier_id": made(server, "tiers", {"code": "there", "name": "There", "seats": 1})["id"],
        "product_id": made(server, "products", {"code": "there", "name": "There"})["id"],
    }

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
            "DEMO_TOKEN": server.demo["token"],
            "DEMO_LICENSE_KEY": server.demo["license_key"],
            "THINGS_THAT_ARE_THERE": json.dumps(there),
        },
        capture_output=True,
        text=True,
        timeout=MOST_SECONDS,
        check=False,
    )

    assert run.returncode == 0, run.stdout + run.stderr
    assert re.search(r"(\d+) selected / \1 total", run.stdout), "an operation was left out"
    assert re.search(r"(\d+) covered / \1 selected", run.stdout), "a link was never followed"
