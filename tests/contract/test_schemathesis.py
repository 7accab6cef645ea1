"""Every operation against the real server, by a tool that knows only the document."""

import os
import re
import subprocess
import sysconfig
from pathlib import Path

from support.server import StartServer

HERE = Path(__file__).parent
MOST_SECONDS = 120


def test_the_server_does_what_the_document_says(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server()

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
        },
        capture_output=True,
        text=True,
        timeout=MOST_SECONDS,
        check=False,
    )

    assert run.returncode == 0, run.stdout + run.stderr
    assert re.search(r"(\d+) selected / \1 total", run.stdout), "an operation was left out"
    assert re.search(r"(\d+) covered / \1 selected", run.stdout), "a link was never followed"
