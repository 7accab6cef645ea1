"""Every request leaves a line, also what is refused, malformed or cut off; none says too much."""

import json
import socket
from typing import Any

import httpx
import pytest
from support.server import RunningServer, StartServer

ACQUIRE = "/api/v1/licenses/acquire/"
TRACE, SPAN = "a1" * 16, "b2" * 8
PROJECT = "acme-prod-4711"
SECRET = "canary-of-the-query"

_EXPECTED = [
    ("leasing", "granted", 201),
    ("leasing", "held", 200),
    ("leasing", "invalid_token", 401),
    ("leasing", "invalid_request", 400),
    ("control", "missing_auth", 401),
    ("control", "invalid_request", 400),
    ("none", "invalid_request", 400),
    ("none", "cut_off", 0),
    ("leasing", "cut_off", 400),
    ("none", "head_too_large", 431),
]


def test_every_request_leaves_a_line_that_cloud_logging_takes_apart(
    start_server: StartServer,
) -> None:
    server = start_server({"LICENSE_LOG_PROJECT": PROJECT, "LICENSE_LOG_LEVELS": "signing=ERROR"})
    key = {"license_key": server.demo["license_key"], "hardware_id": "laptop-7"}
    _post(server, json=key)
    _post(server, json=key)
    _post(server, json={"license_key": "K", "hardware_id": "laptop-7"})
    _post(server, content=b"{", headers={"content-type": "application/json"})
    httpx.get(f"{server.base_url}/api/v1/licenses/?key={SECRET}")
    httpx.get(f"{server.base_url}/nowhere/", headers={"host": "evil.example"})
    _send(server, b"\x16\x03\x01 no HTTP at all\r\n\r\n")
    _send(server, b"GET /health/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Half")
    _send(server, b"POST %b HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\n{" % ACQUIRE.encode())
    _send(server, b"GET /%b HTTP/1.1\r\nHost: a\r\n\r\n" % (b"x" * 40_000))
    server.stop()

    records = [json.loads(line) for line in server.output if line.startswith("{")]
    lines = [line for line in records if line["message"] == "request"]
    shown = [(one["plane"], one["outcome"], one["httpRequest"].get("status", 0)) for one in lines]
    # A line may be written after its answer was read: the order is not the callers'.
    assert sorted(shown) == sorted(_EXPECTED)
    (first,) = [line for line in lines if line["outcome"] == "granted"]
    assert first["logging.googleapis.com/trace"] == f"projects/{PROJECT}/traces/{TRACE}"
    assert first["logging.googleapis.com/spanId"] == SPAN
    assert first["principal_kind"] == "license_key"
    assert SECRET not in "".join(server.output)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("LICENSE_LOG_LEVEL", "LOUD", "LICENSE_LOG_LEVEL: 'LOUD' must be one of DEBUG"),
        ("LICENSE_LOG_LEVELS", "leasing.x=DEBUG", "there is no module 'leasing.x'"),
    ],
)
def test_a_wrong_level_is_refused_before_anything_is_served(
    start_server: StartServer, name: str, value: str, says: str
) -> None:
    with pytest.raises(AssertionError, match="did not start") as refused:
        start_server({name: value})

    assert says in str(refused.value)
    assert "Traceback" not in str(refused.value)


def _post(server: RunningServer, **said: Any) -> None:
    headers = {"traceparent": f"00-{TRACE}-{SPAN}-01", **said.pop("headers", {})}
    httpx.post(server.base_url + ACQUIRE, headers=headers, **said)


def _send(server: RunningServer, raw: bytes) -> None:
    """Send bytes, close the sending side, and read until the server closes too."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(raw)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65_536):
            pass
