"""Who asks too much, too often or with the wrong credential, on both planes of a real server."""

import gzip
import json
import socket
from collections.abc import Callable
from time import monotonic

import httpx
import pytest
from support.server import RunningServer, StartServer

SESSION = "/api/v1/licenses/sessions/00000000-0000-4000-8000-000000000000/"
ACQUIRE = "/api/v1/licenses/acquire/"
NOWHERE = "/api/v1/nowhere/"
BAD = {"authorization": "Bearer e30.e30.AA"}
JSON = {"content-type": "application/json"}
FREE = 20
AT_ONCE_SECONDS = 2  # who waits does so for three, and the machine may be busy
NEEDS_JSON = [ACQUIRE, NOWHERE]


def seconds_of(work: Callable[[], object]) -> float:
    began = monotonic()
    work()
    return monotonic() - began


def good(server: RunningServer) -> dict[str, str]:
    return {"authorization": f"Bearer {server.demo['token']}"}


def test_failed_credentials_of_one_plane_make_the_next_wait_on_the_other(
    start_server: StartServer,
) -> None:
    server = start_server({"LICENSE_FAILURES_PER_MINUTE": str(FREE)})
    with httpx.Client(base_url=server.base_url) as client:
        for number in range(FREE):
            answer = client.get(NOWHERE if number % 2 else SESSION, headers=BAD)
            assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")

        assert seconds_of(lambda: client.get(NOWHERE, headers=BAD)) > 2.5
        assert seconds_of(lambda: client.get(NOWHERE, headers=good(server))) < AT_ONCE_SECONDS
        assert seconds_of(lambda: client.get("/api/docs/")) < AT_ONCE_SECONDS
        body = {"license_key": server.demo["license_key"], "hardware_id": "behind-a-guesser"}
        assert (
            seconds_of(lambda: client.post(ACQUIRE, json=body).raise_for_status()) < AT_ONCE_SECONDS
        )


def test_a_principal_past_its_quota_is_told_so_and_holds_up_nobody_else(
    start_server: StartServer,
) -> None:
    server = start_server({"LICENSE_API_CALLS_PER_MINUTE": "5"})
    with httpx.Client(base_url=server.base_url, headers=good(server)) as client:
        answers = [client.get(NOWHERE) for _ in range(6)]

        assert [one.status_code for one in answers] == [404] * 5 + [429]
        refused = answers[-1]
        assert refused.json()["error"] == "rate_limited"
        assert refused.headers["ratelimit-policy"] == '"principal";q=5;w=60'
        assert refused.headers["ratelimit"].startswith('"principal";r=0;t=')
        assert 1 <= int(refused.headers["retry-after"]) <= 12
        assert client.get(SESSION).status_code == 404  # the leasing plane has quotas of its own
    assert httpx.get(f"{server.base_url}/api/docs/").status_code == 200


def test_a_tenant_has_a_quota_over_all_its_principals(start_server: StartServer) -> None:
    server = start_server({"LICENSE_API_TENANT_CALLS_PER_MINUTE": "3"})
    with httpx.Client(base_url=server.base_url, headers=good(server)) as client:
        answers = [client.get(NOWHERE) for _ in range(4)]

    assert [one.status_code for one in answers] == [404] * 3 + [429]
    assert answers[-1].headers["ratelimit-policy"] == '"tenant_api";q=3;w=60'


@pytest.mark.parametrize("path", NEEDS_JSON)
def test_a_compressed_body_is_refused_unopened(server: RunningServer, path: str) -> None:
    bomb = gzip.compress(b" " * 10_000_000)
    headers = {**JSON, "content-encoding": "gzip"}

    answer = httpx.post(server.base_url + path, content=bomb, headers=headers)

    assert (answer.status_code, answer.json()["error"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('{"a":' * 17 + "1" + "}" * 17, "too_deep"),
        ("[" * 30_000, "malformed_json"),
        ("[" + "1," * 1_000 + "1]", "too_many"),
        (json.dumps({str(number): 1 for number in range(1_001)}), "too_many"),
        ('{"a": 1, "a": 2}', "duplicate_member"),
        ('{"a": NaN}', "malformed_json"),
        ('{"a": 1e999}', "out_of_range"),
        ('{"a": 1', "malformed_json"),
    ],
)
def test_json_of_the_control_plane_has_bounds_before_any_view(
    server: RunningServer, body: str, code: str
) -> None:
    answer = httpx.post(server.base_url + NOWHERE, content=body, headers=JSON)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert [error["code"] for error in answer.json()["errors"]] == [code]


def test_json_within_the_bounds_reaches_its_view(server: RunningServer) -> None:
    body = json.dumps({"a": [1] * 1_000, "b": json.loads("[" * 15 + "]" * 15)})

    answer = httpx.post(server.base_url + NOWHERE, content=body, headers=JSON)

    assert answer.status_code == 404


def test_a_query_of_very_many_fields_is_refused(server: RunningServer) -> None:
    query = "&".join(f"format{number}=json" for number in range(500))

    answer = httpx.get(f"{server.base_url}/api/schema/?{query}")

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("path", ["/health/", NOWHERE, SESSION])
@pytest.mark.parametrize(
    "head",
    [
        "X-Long: " + "x" * 40_000,
        "\r\n".join(f"X-{number}: 1" for number in range(120)),
        "X-Endless: " + "x" * 400_000,
    ],
    ids=["long", "many", "endless"],
)
def test_a_head_too_large_is_refused_and_the_server_goes_on(
    server: RunningServer, path: str, head: str
) -> None:
    end = "" if "Endless" in head else "\r\n\r\n"
    raw = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{head}{end}".encode()

    received = _send(server, raw)

    document = json.loads(received.partition(b"\r\n\r\n")[2])
    assert received.startswith(b"HTTP/1.1 431 ")
    assert (document["status"], document["error"]) == (431, "head_too_large")
    assert received.count(b"HTTP/1.1") == 1
    assert httpx.get(f"{server.base_url}/health/").json() == {"status": "ok"}


def test_a_head_within_the_bounds_is_read_however_its_bytes_come(server: RunningServer) -> None:
    headers = {f"x-{number}": "x" * 300 for number in range(90)}
    body = {"license_key": "K" * 200, "hardware_id": "x" * 200, "metadata": {"a": "x" * 3_000}}
    with httpx.Client(base_url=server.base_url, headers=headers) as client:
        for _ in range(3):  # one connection: no head is counted with the one before it
            assert client.get("/health/").status_code == 200
            assert client.post(ACQUIRE, json=body).status_code == 401


def _send(server: RunningServer, raw: bytes) -> bytes:
    received = b""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        try:
            connection.sendall(raw)
            while chunk := connection.recv(65_536):
                received += chunk
        except ConnectionError:  # bytes that nobody read: what came before is the answer
            pass
    return received
