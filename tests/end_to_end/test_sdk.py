"""The SDK and its command line against the real server process."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Queue
from typing import Any

import httpx
import pytest
from end_to_end.processes import vendor
from support.server import RunningServer

from coditect_license_sdk import LeaseState, LicenseClient, NoSeatAvailable
from coditect_license_sdk._clock import SystemClock

StartServer = Callable[..., RunningServer]
PATIENCE_SECONDS = 30


class FastClock(SystemClock):
    """A machine on which a lease of a minute passes in ten seconds."""

    SPEED = 6

    def __init__(self) -> None:
        self._began_at = super().boot_seconds()

    def boot_seconds(self) -> float:
        return self._began_at + (super().boot_seconds() - self._began_at) * self.SPEED

    def wait(self, condition: threading.Condition, until: float) -> None:
        left = (until - self.boot_seconds()) / self.SPEED
        if left > 0:
            condition.wait(min(left, 1))


@pytest.fixture
def make_client(tmp_path: Path) -> Iterator[Callable[..., LicenseClient]]:
    made: list[LicenseClient] = []

    def make(server: RunningServer, device: str, **options: Any) -> LicenseClient:
        client = LicenseClient(
            server.base_url,
            **{
                "license_key": server.demo["license_key"],
                "roots": server.data_dir / "root.pem",
                "hardware_id": device,
                "cache_dir": tmp_path / f"cache-{device}",
                **options,
            },
        )
        made.append(client)
        return client

    yield make
    for client in made:
        client.close()


def test_ten_devices_fill_ten_seats_and_the_eleventh_is_told_so(
    start_server: StartServer, make_client: Callable[..., LicenseClient]
) -> None:
    server = start_server()
    leases = [make_client(server, f"device-{number}").acquire() for number in range(10)]

    with pytest.raises(NoSeatAvailable):
        make_client(server, "the-eleventh").acquire()

    assert {lease.state for lease in leases} == {LeaseState.HELD}
    assert len({lease.session_id for lease in leases}) == 10
    leases[0].release()
    with make_client(server, "the-eleventh").acquire() as eleventh:
        assert eleventh.is_valid()
    for lease in leases:
        lease.release()


def test_s2_a_lease_survives_kill_9_and_a_restart_of_the_server_within_its_life(
    start_server: StartServer, make_client: Callable[..., LicenseClient]
) -> None:
    server = start_server()
    key = vendor(server, "issue", "60", "1", "1")["license_key"]
    told: Queue[str] = Queue()
    client = make_client(
        server,
        "laptop",
        license_key=key,
        clock=FastClock(),
        on_renewed=lambda _: told.put("renewed"),
        on_at_risk=lambda _: told.put("at_risk"),
        on_lost=lambda _: told.put("lost"),
        on_restored=lambda _: told.put("restored"),
    )

    with client.acquire() as lease:
        session = lease.session_id
        assert told.get(timeout=PATIENCE_SECONDS) == "renewed"
        server.kill()
        assert told.get(timeout=PATIENCE_SECONDS) == "at_risk"
        assert lease.is_valid()
        server.start()
        assert told.get(timeout=PATIENCE_SECONDS) == "renewed"
        assert (lease.state, lease.session_id) == (LeaseState.HELD, session)

    other = make_client(server, "another", license_key=key)
    with other.acquire() as successor:  # the release freed the only seat
        assert successor.session_id != session


def command_line(server: RunningServer, folder: Path, *words: str) -> Any:
    """Run ``coditect-license`` as a user would."""
    return subprocess.run(
        [sys.executable, "-m", "coditect_license_sdk", *words],
        env={
            **os.environ,
            "CODITECT_LICENSE_URL": server.base_url,
            "CODITECT_LICENSE_KEY": server.demo["license_key"],
            "CODITECT_LICENSE_ROOTS": str(server.data_dir / "root.pem"),
            "CODITECT_LICENSE_CACHE": str(folder),
        },
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def in_use(server: RunningServer) -> int:
    """Return how many seats are taken, as a device that comes and goes is told."""
    body = {
        "license_key": server.demo["license_key"],
        "hardware_id": "the-counter",
        "proofs": ["license_token"],
    }
    answer = httpx.post(f"{server.base_url}/api/v1/licenses/acquire/", json=body).json()
    httpx.delete(
        f"{server.base_url}/api/v1/licenses/sessions/{answer['session_id']}/",
        headers={"Authorization": f"License {server.demo['license_key']}"},
    )
    return int(answer["seats"]["in_use"]) - 1


def test_the_command_line_holds_a_seat_while_a_command_runs(
    start_server: StartServer, tmp_path: Path
) -> None:
    server = start_server()
    script = "import os, sys; print(os.environ['CODITECT_LICENSE_SESSION']); sys.exit(7)"

    done = command_line(server, tmp_path, "run", "--", sys.executable, "-c", script)

    assert done.returncode == 7, done.stderr
    state = httpx.get(
        f"{server.base_url}/api/v1/licenses/sessions/{done.stdout.strip()}/",
        headers={"Authorization": f"License {server.demo['license_key']}"},
    )
    assert (state.json()["state"], state.json()["end_reason"]) == ("ended", "released")
    assert in_use(server) == 0


def test_the_command_line_acquires_shows_and_releases(
    start_server: StartServer, tmp_path: Path
) -> None:
    server = start_server()

    taken = command_line(server, tmp_path, "acquire", "--json")
    assert taken.returncode == 0, taken.stderr
    assert in_use(server) == 1

    assert command_line(server, tmp_path, "status", "--json").returncode == 0
    released = command_line(server, tmp_path, "release")
    assert released.returncode == 0, released.stderr
    assert in_use(server) == 0
