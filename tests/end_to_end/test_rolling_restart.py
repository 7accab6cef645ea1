"""A server goes without a failed call: it says so first, then drains, and loses no grant."""

import shutil
import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psycopg
import pytest
from support.balancer import Balancer
from support.crowd import Crowd, Habits
from support.server import RunningServer, StartServer, start

from coditect_license.plane_logins import ensure_leasing_login
from coditect_license.private_postgres import PrivatePostgres, running_postgres
from tests.support.history import check
from tests.support.postgres import LEASING_LOGIN, folder_for_postgres
from tests.support.waiting import until

PATIENCE_SECONDS = 60
UNTIL_TOLD_AGAIN = {"LICENSE_DRAIN_NOTICE_SECONDS": "300"}
"""A notice that a second signal ends, so that no test depends on how long things take."""

DEVICES = 8  # the demo's license has ten seats
CALLS_BETWEEN = 200
WAITING_FOR_LEDGER = """
    SELECT count(*) FROM pg_stat_activity WHERE usename = %s AND wait_event_type = 'Lock'
"""


@pytest.fixture(scope="module")
def postgres() -> Iterator[PrivatePostgres]:
    with folder_for_postgres() as folder, running_postgres(folder, durable=False) as running:
        ensure_leasing_login(running, LEASING_LOGIN)
        yield running


def on_postgres(postgres: PrivatePostgres, database: str) -> dict[str, str]:
    """Return the settings of servers that share a new database and say when they will go."""
    postgres.ensure_database(database)
    return UNTIL_TOLD_AGAIN | {
        "LICENSE_ISSUER": "http://ledger.test",
        "LICENSE_DATABASE_URL": postgres.url(database),
        "LICENSE_LEASING_DATABASE_URL": postgres.url(database, login=LEASING_LOGIN),
    }


def tell_to_go(server: RunningServer) -> None:
    server.process.send_signal(signal.SIGTERM)


def is_ready(server: RunningServer) -> bool:
    return httpx.get(f"{server.base_url}/health/ready").status_code == 200


def roll(server: RunningServer, balancer: Balancer, crowd: Crowd) -> None:
    """Let one server go while the others serve, and come back."""
    tell_to_go(server)
    until(lambda: server.port not in balancer.ready, seconds=PATIENCE_SECONDS)
    crowd.wait_for_calls(CALLS_BETWEEN)
    assert server.stop() == 0
    crowd.wait_for_calls(CALLS_BETWEEN)
    server.start()
    before = balancer.served[server.port]
    until(lambda: balancer.served[server.port] > before, seconds=PATIENCE_SECONDS)


def test_s14_two_servers_are_restarted_one_after_the_other_under_load_and_no_call_fails(
    postgres: PrivatePostgres, tmp_path: Path
) -> None:
    env = on_postgres(postgres, "rolled")
    with start(tmp_path / "one", env) as one:
        shutil.copytree(tmp_path / "one", tmp_path / "other")
        with start(tmp_path / "other", env) as other, Balancer([one.port, other.port]) as balancer:
            key, habits = one.demo["license_key"], Habits(seats=10, restless=DEVICES, faithful=2)
            with Crowd([("127.0.0.1", balancer.port)], key, habits, seed=1) as crowd:
                roll(one, balancer, crowd)
                roll(other, balancer, crowd)
                crowd.wait_for_calls(CALLS_BETWEEN)
            for server in (one, other):
                tell_to_go(server)

    assert (balancer.broken, crowd.surprises, crowd.refusals, crowd.failures) == ([], [], [], 0)
    assert check(crowd.events).broken == {}
    assert Counter(event.outcome for event in crowd.events)["held"] > CALLS_BETWEEN


def test_s14_what_waits_for_the_ledger_at_sigterm_is_committed_and_answered(
    postgres: PrivatePostgres, tmp_path: Path
) -> None:
    env = on_postgres(postgres, "flushed") | {"LICENSE_DRAIN_NOTICE_SECONDS": "0"}
    with start(tmp_path / "data", env) as server, ThreadPoolExecutor(DEVICES) as pool:
        ledger = psycopg.connect(postgres.url("flushed"))
        watcher = psycopg.connect(postgres.url("flushed"), autocommit=True)
        ledger.execute("LOCK TABLE seat IN ACCESS EXCLUSIVE MODE")

        calls = [pool.submit(acquire, server, device) for device in range(DEVICES)]
        until(lambda: watcher.execute(WAITING_FOR_LEDGER, [LEASING_LOGIN]).fetchone() == (1,))
        until(lambda: in_server(server) == DEVICES)
        tell_to_go(server)
        until(lambda: any("Shutting down" in line for line in server.output))
        ledger.rollback()  # only now can anything be granted

        answers = [call.result(PATIENCE_SECONDS) for call in calls]
        assert server.stop() == 0
        kept = watcher.execute("SELECT id::text FROM license_session").fetchall()
        ledger.close()
        watcher.close()

    assert Counter(answer.status_code for answer in answers) == {201: DEVICES}
    assert {answer.headers["connection"] for answer in answers} == {"close"}
    assert {(answer.json()["session_id"],) for answer in answers} == set(kept)


def acquire(server: RunningServer, device: int) -> httpx.Response:
    body = {
        "license_key": server.demo["license_key"],
        "hardware_id": f"device-{device}",
        "proofs": ["license_token"],
    }
    url = f"{server.base_url}/api/v1/licenses/acquire/"
    return httpx.post(url, json=body, timeout=PATIENCE_SECONDS)


def in_server(server: RunningServer) -> int:
    """Return how many connections to a server are open and hold nothing that it has not read."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    here = [row for row in rows if row[1].endswith(f":{server.port:04X}") and row[3] == "01"]
    return sum(row[4].endswith(":00000000") for row in here)


def test_a_server_that_will_go_says_so_and_answers_until_it_does(
    start_server: StartServer,
) -> None:
    server = start_server(UNTIL_TOLD_AGAIN)
    with httpx.Client(base_url=server.base_url) as kept, httpx.Client() as idle:
        first = kept.get("/health/ready")
        idle.get(f"{server.base_url}/health/live")
        tell_to_go(server)
        until(lambda: not is_ready(server))

        last = kept.get("/health/live")
        ready = httpx.get(f"{server.base_url}/health/ready")
        granted = acquire(server, 1)
        also = idle.get(f"{server.base_url}/health/live")
        assert server.stop() == 0  # a second signal: whoever sends it has waited enough

    assert (first.status_code, "connection" in first.headers) == (200, False)
    assert (last.status_code, last.headers["connection"]) == (200, "close")
    assert (also.status_code, also.headers["connection"]) == (200, "close")
    assert (ready.status_code, ready.json()) == (503, {"status": "unavailable"})
    assert (granted.status_code, granted.headers["connection"]) == (201, "close")


def test_ctrl_c_gives_no_notice(start_server: StartServer) -> None:
    server = start_server(UNTIL_TOLD_AGAIN)

    server.process.send_signal(signal.SIGINT)

    assert server.process.wait(PATIENCE_SECONDS) == 0
