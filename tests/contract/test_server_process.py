"""The process that other tests run against."""

import json

import httpx
from support.server import StartServer

from tests.support.ports import free_port

ACQUIRE = "/api/v1/licenses/acquire/"


def test_a_second_start_keeps_key_seats_and_data(start_server: StartServer) -> None:
    server = start_server()
    first = server.demo
    body = {"license_key": first["license_key"], "hardware_id": "laptop-7"}
    session = httpx.post(server.base_url + ACQUIRE, json=body).json()["session_id"]

    server.kill()
    server.start()

    assert server.demo["license_key"] == first["license_key"]
    again = httpx.post(server.base_url + ACQUIRE, json=body)
    assert (again.status_code, again.json()["session_id"]) == (200, session)


def test_sigterm_drains_and_ends_with_status_0(start_server: StartServer) -> None:
    server = start_server()

    assert server.stop() == 0
    assert "every acknowledged change is kept" in server.output[-1]


def test_each_request_is_one_json_line(start_server: StartServer) -> None:
    server = start_server()
    answer = httpx.get(server.base_url + "/health/")
    server.stop()

    lines = [json.loads(line) for line in server.output if line.startswith("{")]
    (line,) = [line for line in lines if line["message"] == "request"]
    assert line["request_id"] == answer.headers["x-request-id"]


def test_metrics_have_a_port_of_their_own_and_none_unless_asked(start_server: StartServer) -> None:
    port = free_port()
    server = start_server({"LICENSE_METRICS_PORT": str(port)})
    httpx.post(
        server.base_url + ACQUIRE,
        json={"license_key": server.demo["license_key"], "hardware_id": "laptop-7"},
    )

    scraped = httpx.get(f"http://127.0.0.1:{port}/metrics").text

    assert 'license_signatures_total{outcome="signed",signer="local"}' in scraped
    assert 'license_signatures_total{outcome="signed",signer="delegated"} 1.0' in scraped
    assert httpx.get(f"{server.base_url}/metrics").status_code == 404
