"""What the how-to says is what happens: its commands are run against a real server, in order."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from documents.test_manage_licenses import JQ
from support.server import StartServer

REPOSITORY = Path(__file__).resolve().parents[2]
HOW_TO = (REPOSITORY / "docs/how-to/borrow-a-seat.md").read_text()
CLI = f'#!/bin/sh\nexec {sys.executable} -m coditect_license_sdk "$@"\n'


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", HOW_TO, re.MULTILINE | re.DOTALL)


def on_path(folder: Path) -> str:
    """Return a PATH with the commands that the how-to takes for granted."""
    folder.mkdir()
    for name, script in (("jq", JQ.format(python=sys.executable)), ("coditect-license", CLI)):
        (folder / name).write_text(script)
        (folder / name).chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


def test_s10_every_command_of_the_how_to_works(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server()
    shell, python = "\n".join(blocks("sh")), blocks("python")[0]
    program = f"cat > program.py <<'EOF'\n{python}EOF\n{sys.executable} program.py\n"
    *before, last = shell.rpartition("SESSION=")  # the program runs before the loan is broken
    script = f"{before[0]}{program}{before[1]}{last}".replace(".local", str(server.data_dir))
    script = script.replace("scripts/license-admin", f"{REPOSITORY}/scripts/license-admin")

    done = subprocess.run(
        ["bash", "-eu", "-o", "pipefail", "-c", script],
        cwd=tmp_path,
        env={
            **os.environ,
            "PATH": on_path(tmp_path / "bin"),
            "CODITECT_LICENSE_CACHE": str(tmp_path / "cache"),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert (len(blocks("sh")), len(blocks("python"))) == (7, 1)
    seat = json.loads((tmp_path / "seat.json").read_text())
    said = done.stdout.splitlines()
    shown, ended = json.loads(said[-2]), json.loads(said[-1])
    assert shown["borrowed_until"] == ended["proofs_expire_at"] == seat["lease_expires_at"]
    assert ended["end_reason"] == "released"
    (ran,) = [line for line in said if line.startswith("team until ")]
    assert ran.removeprefix("team until ")[:10] == seat["lease_expires_at"][:10]
