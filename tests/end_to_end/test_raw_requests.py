"""Bytes that are hardly HTTP, sent to the real server process: it answers, and it goes on."""

import json
import socket

import httpx
import pytest
from support.server import RunningServer

SESSION = "/api/v1/licenses/sessions/00000000-0000-4000-8000-000000000000/"
ACQUIRE = "/api/v1/licenses/acquire/"
_JSON = "Content-Type: application/json"


def send(server: RunningServer, request: bytes) -> tuple[int, bytes]:
    """Send bytes, close the sending side, and return the status and everything received."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while chunk := connection.recv(65_536):
            received += chunk
    return (int(received.split(b" ", 2)[1]) if received else 0), received


def request(line: str, *headers: str, body: bytes = b"") -> bytes:
    """Return a request; it asks for the connection to be closed after the answer."""
    head = [f"{line} HTTP/1.1", "Host: 127.0.0.1", "Connection: close", *headers, "", ""]
    return "\r\n".join(head).encode("latin-1") + body


def chunked(body: bytes) -> bytes:
    return b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)


_KEY = "Authorization: License K"
_REQUESTS: dict[str, tuple[bytes, set[int]]] = {
    "two credentials": (request(f"GET {SESSION}", _KEY, _KEY), {401}),
    "a credential beyond ASCII": (request(f"GET {SESSION}", "Authorization: License \xfc"), {401}),
    "an encoded NUL": (request(f"GET {SESSION}%00", _KEY), {404}),
    "an encoded slash": (request(f"GET {SESSION[:-1]}%2Fx", _KEY), {404}),
    "broken escapes": (request(f"GET {SESSION[:-1]}%zz%", _KEY), {400, 404}),
    "raw bytes in the path": (request("GET /health/\xff\xfe"), {400, 404}),
    "a very long path": (request("GET /health/" + "x" * 30_000), {400, 404, 414, 431}),
    "a long chunked body": (
        request(
            f"POST {ACQUIRE}", _JSON, "Transfer-Encoding: chunked", body=chunked(b" " * 70_000)
        ),
        {413},
    ),
    "a long body": (
        request(f"POST {ACQUIRE}", _JSON, "Content-Length: 70000", body=b" " * 70_000),
        {413},
    ),
    "a length that never comes": (
        request(f"POST {ACQUIRE}", _JSON, "Content-Length: 50", body=b'{"license_key":'),
        {0, 400},
    ),
    "a chunk of no size": (
        request(f"POST {ACQUIRE}", _JSON, "Transfer-Encoding: chunked", body=b"zz\r\nx\r\n"),
        {400},
    ),
    "two lengths": (
        request(f"POST {ACQUIRE}", _JSON, "Content-Length: 2", "Content-Length: 5", body=b"{}"),
        {400},
    ),
    "length and chunks": (
        request(
            f"POST {ACQUIRE}",
            _JSON,
            "Content-Length: 2",
            "Transfer-Encoding: chunked",
            body=chunked(b"{}"),
        ),
        {400},
    ),
    "a negative length": (request(f"POST {ACQUIRE}", _JSON, "Content-Length: -1"), {400}),
    "no HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", {400}),
    "a line feed in a header": (request(f"GET {SESSION}", "X-A: b\nX-C: d"), {400, 401}),
    "another host": (request("GET /health/").replace(b"127.0.0.1", b"evil.example"), {200}),
}


_NO_HTTP = ("a chunk of no size", "two lengths", "length and chunks", "no HTTP")


@pytest.mark.parametrize("name", [*_NO_HTTP, "raw bytes in the path"])
def test_what_is_no_http_is_a_problem_too(server: RunningServer, name: str) -> None:
    _, received = send(server, _REQUESTS[name][0])

    head, _, body = received.partition(b"\r\n\r\n")
    problem = json.loads(body)
    assert b"content-type: application/problem+json" in head
    assert f"x-request-id: {problem['request_id']}".encode() in head
    assert (problem["status"], problem["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("path", [ACQUIRE, f"{SESSION}heartbeat/", "/api/docs/", "/nowhere/"])
@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_body_of_megabytes_gets_its_answer(
    server: RunningServer, path: str, is_chunked: bool
) -> None:
    """Closing a connection with bytes unread resets it, and the answer is lost with it."""
    method = "PATCH" if path.endswith("heartbeat/") else "POST"
    body = b" " * 3_000_000
    says = "Transfer-Encoding: chunked" if is_chunked else f"Content-Length: {len(body)}"
    raw = request(f"{method} {path}", _JSON, _KEY, says, body=chunked(body) if is_chunked else body)

    for _ in range(5):
        status, received = send(server, raw)

        assert status == 413, received[:500]
        head, _, document = received.partition(b"\r\n\r\n")
        assert json.loads(document)["error"] == "body_too_large"
        assert head.count(b"x-request-id") == head.count(b"connection: close") == 1


@pytest.mark.parametrize("name", _REQUESTS)
def test_it_is_answered_and_the_server_goes_on(server: RunningServer, name: str) -> None:
    raw, statuses = _REQUESTS[name]

    status, received = send(server, raw)

    assert status in statuses, received[:500]
    assert b"Traceback" not in received
    assert httpx.get(f"{server.base_url}/health/").json() == {"status": "ok"}


def test_a_body_that_is_waited_for_is_asked_for(server: RunningServer) -> None:
    head = request(f"POST {ACQUIRE}", _JSON, "Content-Length: 2", "Expect: 100-continue")

    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(head)
        assert connection.recv(100).startswith(b"HTTP/1.1 100")
        connection.sendall(b"{}")
        assert connection.recv(100).startswith(b"HTTP/1.1 400")


def test_a_heartbeat_whose_body_breaks_off_changes_nothing(server: RunningServer) -> None:
    body = {"license_key": server.demo["license_key"], "hardware_id": "breaks-off"}
    held = httpx.post(server.base_url + ACQUIRE, json=body).json()
    session = f"/api/v1/licenses/sessions/{held['session_id']}/"
    key = f"Authorization: License {server.demo['license_key']}"

    send(server, request(f"PATCH {session}heartbeat/", _JSON, key, "Content-Length: 50"))

    headers = {"Authorization": f"License {server.demo['license_key']}"}
    state = httpx.get(server.base_url + session, headers=headers).json()
    httpx.delete(server.base_url + session, headers=headers)
    assert state["lease_expires_at"] == held["lease_expires_at"]


def test_a_body_that_is_too_long_is_not_asked_for(server: RunningServer) -> None:
    head = request(f"POST {ACQUIRE}", _JSON, "Content-Length: 3000000", "Expect: 100-continue")

    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(head)
        assert connection.recv(100).startswith(b"HTTP/1.1 413")


def test_every_line_of_the_log_is_json(server: RunningServer) -> None:
    send(server, request("GET /health/%0A%1B%5B2J%00"))
    httpx.get(f"{server.base_url}/health/")
    logged = [line for line in server.output if line.startswith("{")]

    assert all(json.loads(line)["severity"] for line in logged)
    assert all(line.rstrip("\n").isprintable() for line in logged)
