"""What the how-to and the runbook say is what happens: their commands are run on real servers."""

import base64
import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.server import RunningServer, StartServer

from coditect_license_sdk import LicenseClient

REPOSITORY = Path(__file__).resolve().parents[2]
HOW_TO = (REPOSITORY / "docs/how-to/rotate-the-signing-key.md").read_text()
RUNBOOK = (REPOSITORY / "docs/runbooks/key-compromise.md").read_text()


def blocks(document: str) -> list[str]:
    found = re.findall(r"^ *```sh\n(.*?)^ *```$", document, re.MULTILINE | re.DOTALL)
    return [textwrap.dedent(block) for block in found]


SETTINGS, PLAN, BEGIN, STATUS, ABORT, STAND_BY = blocks(HOW_TO)
RUNBOOK_SETTINGS, FIND, REVOKE = blocks(RUNBOOK)
RESTORE = "rotate_signing_key --restore"


@pytest.fixture
def own(start_server: StartServer) -> RunningServer:
    """A server whose keys are changed by the test."""
    return start_server()


def run(
    server: RunningServer, *commands: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run blocks of a document as one script, on a server's data."""
    script = "\n".join(commands).replace(".venv/bin/python", sys.executable)
    return subprocess.run(
        ["bash", "-eu", "-c", script],
        cwd=REPOSITORY,
        env={**os.environ, "LICENSE_DATA_DIR": str(server.data_dir), **environment},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def said(server: RunningServer, *commands: str, **environment: str) -> str:
    done = run(server, *commands, **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def keys(server: RunningServer) -> dict[str, Any]:
    answer: dict[str, Any] = httpx.get(f"{server.base_url}/api/v1/licenses/keys/").json()
    return answer


def statuses(server: RunningServer) -> list[str]:
    return [key["status"] for key in keys(server)["keys"]]


def payload(compact: str, *, part: int) -> dict[str, Any]:
    """Read one part of a compact JWS, unverified."""
    text = compact.split(".")[part]
    members: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return members


def restart(server: RunningServer) -> None:
    """Have it see at once what it would see within a minute."""
    server.stop()
    server.start()


def test_the_plan_has_the_steps_of_the_table_and_changes_nothing(own: RunningServer) -> None:
    before = keys(own)

    plan = said(own, SETTINGS, PLAN)

    assert "no rotation is open" in plan
    table = re.findall(r"^\| (\w+) \|", HOW_TO, re.MULTILINE)
    assert table[1:] == re.findall(r"^  (\w+) ", plan, re.MULTILINE)
    restart(own)
    assert keys(own)["version"] == before["version"]


def test_a_rotation_begins_says_what_it_waits_for_and_can_be_aborted(own: RunningServer) -> None:
    begun = said(own, SETTINGS, BEGIN)
    again = said(own, SETTINGS, STATUS)
    restart(own)

    assert re.search(r"switch +let the new key sign: not before \d{4}-", begun)
    assert begun == again
    assert statuses(own) == ["active", "next"]
    assert len(keys(own)["editions"]) == 2
    assert len(keys(own)["links"]) == 1

    assert "aborted" in said(own, SETTINGS, ABORT)
    restart(own)
    assert statuses(own) == ["active", "retired"]


def test_the_runbook_puts_the_stand_by_in_the_place_of_the_stolen_root(
    own: RunningServer, tmp_path: Path
) -> None:
    pinned = (own.data_dir / "root.pem").read_bytes()
    stolen = keys(own)["keys"][0]["kid"]
    without = run(own, RUNBOOK_SETTINGS, REVOKE, KEY_ID=stolen)
    assert (without.returncode, "--until publish" in without.stderr) == (1, True)
    said(own, SETTINGS, STAND_BY)

    assert stolen in said(own, RUNBOOK_SETTINGS, FIND)
    done = said(own, RUNBOOK_SETTINGS, REVOKE, KEY_ID=stolen)
    restart(own)

    assert "is disabled" in done
    assert statuses(own) == ["revoked", "active"]
    client = LicenseClient(
        own.base_url,
        license_key=own.demo["license_key"],
        roots=pinned,
        cache_dir=tmp_path,
        hardware_id="device-1",
    )
    with client.acquire() as lease:
        assert lease.is_valid()
    assert re.search(r"^  switch .*: done$", said(own, SETTINGS, BEGIN), re.MULTILINE)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ("KEY --confirm OTHER", "--confirm must repeat"),
        ("KEY --confirm KEY", "not a key id"),
        ("--session --confirm x x", "not a session id"),
        ("KEY", "--confirm"),
    ],
)
def test_what_was_not_meant_is_not_revoked(
    server: RunningServer, arguments: str, complaint: str
) -> None:
    command = f".venv/bin/python backend/manage.py revoke_signing_key {arguments}"

    done = run(server, RUNBOOK_SETTINGS, command)

    assert done.returncode != 0
    assert complaint in done.stderr


def test_a_key_of_a_server_process_and_a_session_are_listed(own: RunningServer) -> None:
    held = httpx.post(
        f"{own.base_url}/api/v1/licenses/acquire/",
        json={"license_key": own.demo["license_key"], "hardware_id": "device-1"},
    ).json()
    signer, session = payload(held["license_token"], part=0)["kid"], held["session_id"]

    said(own, RUNBOOK_SETTINGS, REVOKE, KEY_ID=signer)
    listing = f"revoke_signing_key {session} --session --confirm {session}"
    said(own, RUNBOOK_SETTINGS, f".venv/bin/python backend/manage.py {listing}")

    restart(own)
    listed = payload(keys(own)["editions"][0]["revocations"], part=1)
    assert (listed["keys"], listed["sessions"]) == ([signer], [session])


def test_a_key_id_may_begin_with_a_dash(own: RunningServer) -> None:
    key_id = "-nRj" + 39 * "x"

    said(own, RUNBOOK_SETTINGS, REVOKE, KEY_ID=key_id)
    restored = run(own, SETTINGS, f".venv/bin/python backend/manage.py {RESTORE} {key_id}")

    restart(own)
    listed = payload(keys(own)["editions"][0]["revocations"], part=1)
    assert listed["keys"] == [key_id]
    assert f"no root has the key id {key_id}" in restored.stderr
