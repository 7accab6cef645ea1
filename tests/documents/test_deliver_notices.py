"""What the how-to of notices says is what happens: its program and its own lines are run."""

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml
from end_to_end.processes import environment
from support.server import RunningServer, StartServer

REPOSITORY = Path(__file__).resolve().parents[2]
HOW_TO = (REPOSITORY / "docs/how-to/deliver-notices.md").read_text()
PROGRAM = "/usr/local/bin/tell-license-notice"
ADDRESS = "https://notices.example.com/"
SELL = """
scripts/license-admin tenant create acme --name "Acme Inc."
scripts/license-admin product create studio --name "Studio" --tenant acme
scripts/license-admin license create --tenant acme --product studio --tier pro --days 6
"""


def block(kind: str) -> str:
    (found,) = re.findall(rf"^```{kind}\n(.*?)^```$", HOW_TO, re.MULTILINE | re.DOTALL)
    return str(found)


@contextmanager
def service(told: list[dict[str, Any]], status: int) -> Iterator[str]:
    """Run a service that takes notices; yield its address."""

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as door:
        thread = threading.Thread(target=door.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{door.server_port}/"
        door.shutdown()
        thread.join()


def run(server: RunningServer, script: str, *shell: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*(shell or ("sh", "-ec")), script.replace(".venv/bin/python", sys.executable)],
        cwd=REPOSITORY,
        env=environment(server.data_dir, server.port),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def cron_command(program: Path, address: str, folder: Path) -> str:
    """Return what the line of cron runs, with the places of this test."""
    *_, command = block("cron").strip().split(" ", 6)
    (folder / "settings.env").write_text("")
    return (
        command.replace("/srv/license", str(REPOSITORY))
        .replace("/etc/coditect-license.env", str(folder / "settings.env"))
        .replace("/run/lock/license-notices", str(folder / "lock"))
        .replace(PROGRAM, str(program))
        .replace(ADDRESS, address)
    )


def test_the_lines_of_the_how_to_deliver_each_notice_once(
    start_server: StartServer, tmp_path: Path
) -> None:
    server = start_server()
    program = tmp_path / "tell"
    program.write_text(block("python").replace("/usr/bin/env python3", sys.executable))
    program.chmod(0o755)
    args = yaml.safe_load(block("yaml"))["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (job,) = args["containers"][0]["args"]
    assert run(server, SELL).returncode == 0

    told: list[dict[str, Any]] = []
    with service(told, 503) as address:
        failed = run(server, cron_command(program, address, tmp_path))
    with service(told, 200) as address:
        first = run(server, job.replace(PROGRAM, str(program)).replace(ADDRESS, address))
        second = run(server, cron_command(program, address, tmp_path))
    seen = run(server, block("sh"))

    assert failed.returncode == 1
    assert "waits on: exit status 1" in failed.stderr
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert second.stdout == ""  # cron mails what is said
    assert [one["id"] for one in told] == [told[0]["id"]] * 2
    assert told[0].keys() == json.loads(block("json")).keys()
    assert told[0]["topic"] == json.loads(block("json"))["topic"]
    assert told[0]["payload"].keys() == json.loads(block("json"))["payload"].keys()
    assert seen.returncode == 0
    assert told[0]["id"] in seen.stdout
