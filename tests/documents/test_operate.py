"""What the how-to shows is what happens: its commands are run beside a real server."""

import re
import subprocess
import sys
from pathlib import Path

from end_to_end.processes import environment
from support.server import RunningServer

REPOSITORY = Path(__file__).resolve().parents[2]
HOW_TO = (REPOSITORY / "docs/how-to/operate.md").read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", HOW_TO, re.MULTILINE | re.DOTALL)


def test_the_commands_of_the_how_to_do_what_it_says(server: RunningServer) -> None:
    script = "\n".join(BLOCKS).replace(".venv/bin/python", sys.executable)
    done = subprocess.run(
        ["bash", "-eu", "-c", script],
        cwd=REPOSITORY,
        env=environment(server.data_dir, server.port),
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert len(re.findall(r"CDT1(?:-[0-9A-Z]{5}){6}", done.stdout)) == 2  # each shown once
    assert "CDT1-" not in done.stderr
    assert "dry run: nothing was changed" in done.stderr
    assert "acme: forgot session_details 0" in done.stdout
    assert "expiry notices put into the outbox" in done.stdout
    assert "acme: good" in done.stdout
    assert "oidc, user, enabled" in done.stdout
    assert "records sealed" in done.stdout
    assert '"audit_export":1' in (server.data_dir / "acme-audit.jsonl").read_text()


def test_every_link_leads_to_a_file() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)", HOW_TO)

    assert links
    assert all((REPOSITORY / "docs/how-to" / link).exists() for link in links)
