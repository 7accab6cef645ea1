"""The how-to about the log shows the line that is written, and commands that find it."""

import json
import re
import shlex
import subprocess
from pathlib import Path

import httpx
import pytest
from support.server import REPOSITORY, StartServer

from coditect_license.log_settings import log_levels

HOW_TO = (REPOSITORY / "docs/how-to/read-the-logs.md").read_text()
(EXAMPLE,) = re.findall(r"^```json\n(.*?)^```$", HOW_TO, re.MULTILINE | re.DOTALL)
COMMANDS, LEVELS = re.findall(r"^```sh\n(.*?)^```$", HOW_TO, re.MULTILINE | re.DOTALL)


def test_the_line_of_the_how_to_is_the_line_that_is_written(
    start_server: StartServer, tmp_path: Path
) -> None:
    shown = json.loads(EXAMPLE)
    server = start_server({"LICENSE_LOG_PROJECT": "acme-prod-4711"})
    key = {"authorization": f"License {server.demo['license_key']}"}
    asked = {"license_key": server.demo["license_key"], "hardware_id": "laptop-7"}
    sessions = f"{server.base_url}/api/v1/licenses"
    session = httpx.post(f"{sessions}/acquire/", json=asked).json()["session_id"]
    trace = shown["logging.googleapis.com/trace"].rpartition("/")[2]
    named = {
        "traceparent": f"00-{trace}-{shown['logging.googleapis.com/spanId']}-01",
        "x-request-id": shown["request_id"],
    }
    httpx.patch(f"{sessions}/sessions/{session}/heartbeat/", headers=key | named)
    server.stop()

    (tmp_path / "server.log").write_text("".join(server.output))
    (line,) = [json.loads(one) for one in server.output if shown["request_id"] in one]
    assert line.keys() == shown.keys()
    assert line["httpRequest"].keys() == shown["httpRequest"].keys()
    for name in ("severity", "outcome", "plane", "message", "logging.googleapis.com/trace"):
        assert line[name] == shown[name]
    assert set(re.findall(r"\b(?:granted|renewed)\b", _run(COMMANDS, tmp_path))) == {
        "granted",
        "renewed",
    }


def test_the_levels_of_the_how_to_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    for assignment in shlex.split(LEVELS):
        monkeypatch.setenv(*assignment.split("=", 1))

    assert log_levels() == {"": "WARNING", "leasing.engine": "DEBUG", "signing": "INFO"}


def _run(script: str, folder: Path) -> str:
    # grep says 1 where nothing failed.
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert not done.stderr
    return done.stdout
