"""A backup taken from under a crowd, and what its programs see after it was restored."""

import os
import subprocess
from pathlib import Path
from typing import Any

import httpx
from end_to_end.processes import REPOSITORY, environment
from support.books import Books
from support.crowd import Crowd, Habits
from support.server import RunningServer, StartServer

from tests.support.history import check
from tests.support.history_events import Event

SEATS = 10
HABITS = Habits(seats=SEATS, restless=6, faithful=6)


def admin(server: RunningServer, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run license-admin on a server's data."""
    return subprocess.run(
        [str(REPOSITORY / "scripts/license-admin"), *words],
        env=environment(server.data_dir, server.port),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def call(server: RunningServer, method: str, path: str, **body: Any) -> httpx.Response:
    members = body | {"license_key": server.demo["license_key"]}
    return httpx.request(method, f"{server.base_url}/api/v1/licenses/{path}", json=members)


def restore(server: RunningServer, backup: Path) -> "subprocess.CompletedProcess[str]":
    return admin(server, "backup", "restore", str(backup), "--confirm", "license.sqlite3")


def back_up_under_load(server: RunningServer, backup: Path) -> tuple[Crowd, list[Event]]:
    """Let a crowd work while a backup is made; return it and what it had seen when that began."""
    with Crowd([server.address], server.demo["license_key"], HABITS, seed=1) as crowd:
        crowd.wait_for_calls(100)
        before = list(crowd.events)
        made = admin(server, "backup", "create", str(backup))
        crowd.wait_for_calls(100)
        refused = restore(server, backup)
        crowd.wait_for_calls(100)
    assert made.returncode == 0, made.stderr
    assert (refused.returncode, "a server is running" in refused.stderr) == (1, True)
    assert (crowd.surprises, crowd.refusals, check(crowd.events).broken) == ([], [], {})
    return crowd, before


def test_s1_s2_s15_a_backup_under_load_is_consistent_and_its_holders_keep_their_seats(
    start_server: StartServer, tmp_path: Path
) -> None:
    server = start_server()
    crowd, before = back_up_under_load(server, tmp_path / "backup")
    faithful = [event for event in before if event.device.startswith("faithful")]
    held = sorted({event.session for event in faithful})

    server.stop()
    restored = restore(server, tmp_path / "backup")
    books = Books.of_folder(server.data_dir)
    server.start()
    beats = [call(server, "PATCH", f"sessions/{session}/heartbeat/") for session in held]
    taken = [call(server, "POST", "acquire/", hardware_id=f"new-{n}") for n in range(SEATS)]

    assert restored.returncode == 0, restored.stderr
    assert books.contradictions() == []
    assert books.lost_acknowledgements(faithful) == []
    assert len(held) == HABITS.faithful
    assert {answer.status_code for answer in beats} == {200}
    assert {answer.status_code for answer in taken} <= {201, 409}
    granted = sum(answer.status_code == 201 for answer in taken)
    assert granted + len(held) <= SEATS
    assert crowd.failures == 0


def test_a_backup_needs_the_environment_of_the_server_and_says_so(tmp_path: Path) -> None:
    done = subprocess.run(
        [str(REPOSITORY / "scripts/license-admin"), "backup", "create", str(tmp_path / "backup")],
        env={"PATH": os.defpath},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 2
    assert all(
        line.startswith("error: LICENSE_PROFILE=production: ") for line in done.stderr.splitlines()
    )
    assert not (tmp_path / "backup").exists()
