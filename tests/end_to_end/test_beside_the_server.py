"""Everybody else who touches the ledger while the server works on it."""

from collections.abc import Callable

import httpx
from end_to_end.processes import manage, vendor
from end_to_end.storm import Storm
from support.books import Books
from support.server import RunningServer

from tests.support.ports import free_port

StartServer = Callable[..., RunningServer]
WORST_WAIT_SECONDS = 5.0
CONNECTIONS = 48


def take_seats(server: RunningServer, count: int) -> list[str]:
    """Return the sessions of so many devices on the demo license."""
    with httpx.Client(base_url=server.base_url) as http:
        answers = [
            http.post(
                "/api/v1/licenses/acquire/",
                json={
                    "license_key": server.demo["license_key"],
                    "hardware_id": f"device-{number}",
                    "proofs": ["license_token"],
                },
            )
            for number in range(count)
        ]
    assert {answer.status_code for answer in answers} == {201}
    return [answer.json()["session_id"] for answer in answers]


def test_control_plane_writes_under_full_heartbeat_load_are_never_refused(
    start_server: StartServer,
) -> None:
    server = start_server()
    key = server.demo["license_key"]
    vendor(server, "resize", key, "1")
    sessions = take_seats(server, CONNECTIONS)

    with Storm(server.port, key, sessions) as storm:
        waits = vendor(server, "resize", key, "300")
        beats = storm.statuses.total()
        commands = [
            manage(server, "migrate", "--no-color"),
            manage(server, "check", "--database", "default"),
        ]

    print(  # noqa: T201  a figure for the documents
        f"\n300 control-plane writes beside {beats} heartbeats: worst wait "
        f"{waits['worst'] * 1000:.0f} ms, mean {waits['mean'] * 1000:.0f} ms"
    )
    assert waits["worst"] < WORST_WAIT_SECONDS
    assert beats > 500
    assert set(storm.statuses) == {200}
    assert [done.returncode for done in commands] == [0, 0]
    assert server.stop() == 0
    assert Books.of_folder(server.data_dir).contradictions() == []


def test_s12_seats_sold_beside_the_server_count_at_once(start_server: StartServer) -> None:
    server = start_server()
    body = {"license_key": server.demo["license_key"], "hardware_id": "the-eleventh"}
    address = f"{server.base_url}/api/v1/licenses/acquire/"
    take_seats(server, 10)
    full = httpx.post(address, json=body)

    vendor(server, "resize", server.demo["license_key"], "1")

    assert (full.status_code, full.json()["error"]) == (409, "seats_exhausted")
    assert httpx.post(address, json=body).status_code == 201


def test_a_second_server_on_the_same_data_is_refused_with_one_clear_line(
    start_server: StartServer,
) -> None:
    server = start_server()

    for command in ("quickstart", "serve"):
        second = manage(server, command, port=free_port())

        assert second.returncode == 1
        (line,) = second.stderr.splitlines()
        assert "another server is running on" in line, command
        assert "Traceback" not in second.stdout + second.stderr
    assert httpx.get(f"{server.base_url}/health/").json() == {"status": "ok"}
