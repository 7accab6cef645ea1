"""Real servers, real calls: what is scraped afterwards is what happened."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple, Self

import httpx
import psycopg
import pytest
from support.scrape import Scrape, metrics_address, scrape
from support.server import RunningServer, StartServer, start

from coditect_license.private_postgres import PrivatePostgres, running_postgres
from tests.support.ports import free_port
from tests.support.waiting import until

API = "/api/v1/licenses/"
ACQUIRE = f"{API}acquire/"
SESSION = f"{API}sessions/{{session_id}}/"
HEARTBEAT = f"{SESSION}heartbeat/"
NOBODY = "00000000-0000-4000-8000-000000000000"
ODD = 1_000
WARMING = 1
"""The call with which a server that starts goes the way to its ledger."""

BEATS = 30
SECONDS = 60
"""The longest wait for a count: it takes five on a machine that does nothing else."""


class Caller:
    """A program and an admin, who call one server."""

    def __init__(self, server: RunningServer) -> None:
        self.seats: int = server.demo["seats"]
        self._key = server.demo["license_key"]
        self._http = httpx.Client(
            base_url=server.base_url,
            headers={"authorization": f"Bearer {server.demo['token']}"},
            timeout=SECONDS,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def acquire(self, device: str, status: int) -> str:
        answer = self._http.post(ACQUIRE, json={"license_key": self._key, "hardware_id": device})
        assert answer.status_code == status, answer.text
        return str(answer.json().get("session_id"))

    def call(self, method: str, path: str) -> int:
        return self._http.request(method, path).status_code


class Told(NamedTuple):
    """Two scrapes of one server: with every seat taken, and after one was given back."""

    server: RunningServer
    seats: int
    full: Scrape
    seen: Scrape


def leases(seen: Scrape) -> dict[str, float]:
    return {dict(labels)["state"]: n for labels, n in seen.all_of("license_leases").items()}


def wait_for_live(address: str, live: int) -> Scrape:
    until(
        lambda: leases(scrape(address)).get("live") == live,
        seconds=SECONDS,
        failure=f"{live} live leases were not counted",
    )
    return scrape(address)


def requests_of(seen: Scrape, route: str, code: str, plane: str = "leasing") -> float:
    return seen.value("http_requests_total", route=route, code=code, plane=plane)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """A server on SQLite and what it tells after calls of every kind."""
    folder = tmp_path_factory.mktemp("told") / "data"
    env = {"LICENSE_METRICS_PORT": str(free_port())}
    with start(folder, env) as server, Caller(server) as caller:
        address = metrics_address(server)
        sessions = [caller.acquire(f"device-{n}", 201) for n in range(caller.seats)]
        caller.acquire("device-0", 200)
        caller.acquire("one-more", 409)
        for number in range(BEATS):
            held = sessions[number % len(sessions)]
            assert caller.call("PATCH", HEARTBEAT.format(session_id=held)) == 200
        assert [caller.call("GET", API) for _ in range(2)] == [200, 200]
        full = wait_for_live(address, caller.seats)
        assert caller.call("DELETE", SESSION.format(session_id=sessions[0])) == 204
        yield Told(server, caller.seats, full, wait_for_live(address, caller.seats - 1))


def test_calls_are_counted_by_status_and_route_on_both_planes(told: Told) -> None:
    seen = told.seen

    assert requests_of(seen, ACQUIRE, "201") == told.seats
    assert requests_of(seen, ACQUIRE, "200") == requests_of(seen, ACQUIRE, "409") == 1
    assert requests_of(seen, HEARTBEAT, "200") == BEATS
    assert requests_of(seen, SESSION, "204") == 1
    assert requests_of(seen, API, "200", "control") == 2
    timed = {"route": HEARTBEAT, "plane": "leasing"}
    assert seen.value("http_request_duration_seconds_count", **timed) == BEATS
    assert seen.value("http_request_duration_seconds_bucket", le="+Inf", **timed) == BEATS
    assert 0 < seen.value("http_request_duration_seconds_sum", **timed) < SECONDS


def test_acquires_and_denials_are_counted(told: Told) -> None:
    acquired = {"granted": told.seats, "held": 1, "denied": 1}

    for outcome, count in acquired.items():
        assert told.seen.value("license_acquires_total", outcome=outcome) == count
    assert told.seen.value("license_denials_total", reason="seats_exhausted") == 1
    assert sum(told.seen.all_of("license_denials_total").values()) == 1


def test_batches_are_as_large_as_the_calls_that_were_decided(told: Told) -> None:
    seen, decided = told.seen, WARMING + told.seats + 2 + BEATS + 1
    batches = seen.value("license_batch_size_count")

    assert seen.value("license_batch_size_sum") == decided
    assert 0 < seen.value("license_batch_commit_seconds_count") == batches <= decided
    assert seen.value("license_waiting_calls") == 0


def test_seats_are_told_as_they_are(told: Told) -> None:
    full, seen = told.full, told.seen
    (was,), (now,) = (each.all_of("license_seats_in_use_ratio").items() for each in (full, seen))

    assert leases(seen) == {"live": told.seats - 1, "lapsed": 0}
    assert [each.value("license_seats_exhausted") for each in (full, seen)] == [1, 0]
    assert dict(was[0])["tenant_id"] == told.server.demo["tenant_id"]
    assert was[1] == 1.0
    assert now[1] == pytest.approx(1 - 1 / told.seats)


def test_the_ledger_and_the_process_are_told(told: Told) -> None:
    seen = told.seen

    assert seen.value("license_reclaim_hold") == 0
    assert seen.value("license_outbox_age_seconds") == 0
    assert seen.value("license_audit_unsealed_age_seconds") < SECONDS
    assert seen.value("license_reaper_age_seconds") < 2 * SECONDS
    assert seen.value("django_db_connections_active") >= 1
    assert seen.all_of("django_db_connections_max") == {}
    assert seen.all_of("license_soft_state_up") == {}
    assert len(seen.all_of("license_build_info")) == 1


def test_s17_a_thousand_odd_addresses_are_one_series_of_each_plane(
    start_server: StartServer,
) -> None:
    server = start_server({"LICENSE_METRICS_PORT": str(free_port())})
    address = metrics_address(server)
    odd = [f"/{n}{n:x}" if n % 2 else f"{API}sessions/{n}/{n}" for n in range(ODD)]

    before = scrape(address)
    with Caller(server) as caller:
        answers = {caller.call("GET", path) for path in odd}
    seen = scrape(address)

    assert answers == {404}
    planes = ("leasing", "control")
    assert [requests_of(seen, "unknown", "404", plane) for plane in planes] == [ODD / 2, ODD / 2]
    assert seen.labels_of("http_requests_total", "route") == {"unknown"}
    new = {name for name, _ in seen.samples.keys() - before.samples.keys()}
    assert len(seen.samples) - len(before.samples) < 50, new


def wait_for_both(one: str, other: str, live: int) -> list[Scrape]:
    """Wait until both have looked at the ledger and one of them has counted its leases.

    Each looks by its own clock: the one that counts may be done before the other's first look.
    """
    seen: list[Scrape] = []

    def looked() -> bool:
        seen[:] = [scrape(one), scrape(other)]
        counted = [leases(each).get("live") for each in seen].count(live)
        return counted == 1 and all(each.all_of("django_db_connections_max") for each in seen)

    until(looked, seconds=SECONDS, failure="one never looked, or nobody counted, or both did")
    return seen


@pytest.fixture
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivatePostgres]:
    folder = tmp_path_factory.mktemp("postgres")
    for parent in (folder, folder.parent, folder.parent.parent):
        parent.chmod(0o755)  # as root the database runs as nobody
    with running_postgres(folder, durable=False) as running:
        running.ensure_database("license")
        yield running


@pytest.fixture
def pair(postgres: PrivatePostgres, tmp_path: Path) -> Iterator[list[RunningServer]]:
    """Two servers with the same settings, on one database."""
    env = {
        "LICENSE_DATABASE_URL": postgres.url("license"),
        "LICENSE_METRICS_PORT": str(free_port()),
        "LICENSE_METRICS_PORTS": "20",
    }
    with ExitStack() as running:
        yield [running.enter_context(start(tmp_path / "data", env)) for _ in range(2)]


def take_away(postgres: PrivatePostgres) -> None:
    """End every connection to the ledger and let nobody in again."""
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as administrator:
        administrator.execute("ALTER DATABASE license ALLOW_CONNECTIONS false")
        administrator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'license'"
        )


def test_two_servers_on_one_ledger_are_scraped_each_and_count_its_seats_once(
    postgres: PrivatePostgres, pair: list[RunningServer]
) -> None:
    one, other = (metrics_address(server) for server in pair)
    with Caller(pair[0]) as first, Caller(pair[1]) as second:
        for number in range(6):
            (first, second)[number % 2].acquire(f"device-{number}", 201)
        seen = wait_for_both(one, other, 6)
        pair[0].stop()
        taken_over = wait_for_live(other, 6)
        take_away(postgres)
        until(
            lambda: scrape(other).value("license_figures_age_seconds") > 7,
            seconds=SECONDS,
            failure="what is shown does not grow old",
        )
        refused = second.call("PATCH", HEARTBEAT.format(session_id=NOBODY))
        away = scrape(other)

    assert one != other
    assert [requests_of(each, ACQUIRE, "201") for each in seen] == [3, 3]
    assert sorted(len(leases(each)) for each in seen) == [0, 2]
    assert all(each.value("django_db_connections_active") >= 1 for each in seen)
    assert {each.value("django_db_connections_max") for each in seen} == {
        taken_over.value("django_db_connections_max")
    }
    assert taken_over.value("django_db_connections_max") > 10
    assert refused == 503
    assert leases(away) == {"live": 6, "lapsed": 0}
    assert away.value("process_resident_memory_bytes") > 0
    assert away.value("license_shed_total", reason="unavailable") == 1
    assert away.value("license_audit_unsealed_age_seconds") > 5
