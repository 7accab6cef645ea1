"""A program is killed: its seat is somebody else's one TTL later, within a second (S9)."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import cycle
from pathlib import Path

import httpx
from faults.cluster import Cluster
from support.crowd import Habits
from support.server import RunningServer

from tests.support.telling import tell
from tests.support.waiting import until

HOLDERS = 5
TTL_SECONDS = 12
WITHIN_SECONDS = 1
HABITS = Habits(seats=HOLDERS, restless=0, ttl_seconds=TTL_SECONDS, interval_seconds=4)
LEASES_LEFT = """
SELECT max(extract(epoch FROM lease_expires_at - clock_timestamp())) FROM seat"""


@contextmanager
def holder(server: RunningServer, device: str, folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """Run a program under the SDK's command, which holds a seat for it and keeps it."""
    script = "import signal; print('running', flush=True); signal.pause()"
    with subprocess.Popen(
        [
            *(sys.executable, "-m", "coditect_license_sdk", "run", "--"),
            sys.executable,
            "-c",
            script,
        ],
        env={
            **os.environ,
            "CODITECT_LICENSE_URL": server.base_url,
            "CODITECT_LICENSE_KEY": server.demo["license_key"],
            "CODITECT_LICENSE_ROOTS": str(server.data_dir / "root.pem"),
            "CODITECT_LICENSE_CACHE": str(folder / device),
            "CODITECT_LICENSE_HARDWARE_ID": device,
        },
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "running\n"
            yield process
        finally:
            kill(process)


def kill(process: "subprocess.Popen[str]") -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


def acquire(server: RunningServer, device: str) -> int:
    body = {
        "license_key": server.demo["license_key"],
        "hardware_id": device,
        "proofs": ["license_token"],
    }
    return httpx.post(f"{server.base_url}/api/v1/licenses/acquire/", json=body).status_code


def test_s2_s9_the_seats_of_killed_programs_are_free_within_a_ttl_and_a_second(
    cluster: Cluster, folder: Path
) -> None:
    cluster.shorten_leases(HABITS)
    cluster.start(servers=2)
    servers = cycle(cluster.servers)
    waits: list[float] = []

    with ExitStack() as holders:
        programs = [
            holders.enter_context(holder(next(servers), f"holder-{number}", folder))
            for number in range(HOLDERS)
        ]
        assert acquire(next(servers), "newcomer") == 409
        for process in programs:
            kill(process)
        killed = time.monotonic()
        ((left,),) = cluster.database.ask(LEASES_LEFT)
        last_lease_end = killed + float(left)
        for newcomer in (f"newcomer-{number}" for number in range(HOLDERS)):
            until(
                lambda name=newcomer: acquire(next(servers), name) == 201,  # type: ignore[misc]
                seconds=TTL_SECONDS + 10 * WITHIN_SECONDS - (time.monotonic() - killed),
                failure="no seat came free",
            )
            waits.append(time.monotonic() - killed)

    tell(f"\nseats free after {', '.join(f'{wait:.2f}' for wait in waits)} s of {TTL_SECONDS} s")
    assert waits[-1] <= TTL_SECONDS + WITHIN_SECONDS
    assert waits[-1] + killed <= last_lease_end + WITHIN_SECONDS
    assert min(waits) > 1
