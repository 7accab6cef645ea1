"""No license key, token, body or query is in any log of the edge, whatever a caller does."""

import http.client
from pathlib import Path
from typing import Final
from urllib.parse import quote

from deploy.edge.edges import Edge, edge_before
from deploy.traffic.attacks import in_hardware_id
from deploy.traffic.calls import Call, json_call
from support.server import RunningServer, leaks

ACQUIRE: Final = "/api/v1/licenses/acquire/"


def calls_with(key: str, token: str) -> list[Call]:
    """Return calls that show both wherever a caller can, honest and hostile ones."""
    injection = "' union select password from users--"
    shown = {"authorization": f"Bearer {token}"}
    return [
        json_call("honest", "POST", ACQUIRE, {"license_key": key, "hardware_id": "laptop"}),
        in_hardware_id(injection, key=key),
        in_hardware_id("laptop", key=key + injection),
        in_hardware_id(f"{key}/../../../etc/passwd"),
        in_hardware_id(f"{key} _$$ND_FUNC$$_ require('child_process')"),
        json_call("unread", "POST", ACQUIRE, key),
        Call(name="q", target=f"/api/v1/licenses/?search={key}", headers=shown),
        Call(name="q", target=f"/api/v1/licenses/?search={quote(key + injection)}", headers=shown),
        Call(name="path", target=f"/api/v1/licenses/{key}/", headers=shown),
        Call(name="path", target=f"/api/v1/licenses/{token}/", headers=shown),
        Call(name="agent", target="/", headers={**shown, "user-agent": f"sqlmap {key}"}),
        Call(name="cookie", target="/", headers={"cookie": f"key={key}{quote(injection)}"}),
        Call(name="referer", target="/", headers={"referer": f"https://x/?t={token}<script>"}),
        Call(name="id", target="/", headers={"x-request-id": key}),
        Call(name="metrics", target=f"/metrics?key={key}"),
        Call(name="long", target=f"/{'a' * 20_000}{key}"),
    ]


def test_no_log_holds_a_secret(edge: Edge, trusting_server: RunningServer) -> None:
    key, token = trusting_server.demo["license_key"], trusting_server.demo["token"]

    answers = [edge.send(call) for call in calls_with(key, token)]
    _cut_off(edge, key)

    # A line about an id that is none has an id of its own, and so has one about a head not read.
    named = [one for one in answers if one.request_id != key and one.status != 431]
    edge.lines_of(*named)
    assert {answer.status for answer in answers} >= {201, 403, 400, 404}
    places = {**edge.logs(), "output": edge.said}
    assert leaks([key, token, token.split(".")[2], "union"], places) == []


def test_no_log_holds_a_secret_while_the_engine_watches(
    trusting_server: RunningServer, tmp_path: Path
) -> None:
    key, token = trusting_server.demo["license_key"], trusting_server.demo["token"]
    with edge_before(tmp_path, trusting_server.port, "--waf", "watch") as watching:
        for call in calls_with(key, token):
            watching.send(call)
        written = watching.logs()

    assert "Refused at a score of" in written["matched.log"]
    assert leaks([key, token, token.split(".")[2], "union", "session_id"], written) == []


def test_the_check_sees_a_secret_where_there_is_one(edge: Edge) -> None:
    """The control: an id of the caller's is in the log, and is found there."""
    known = "0123456789abcdef0123456789abcdef"
    edge.lines_of(edge.send(Call(name="x", target="/health", headers={"x-request-id": known})))

    assert leaks([known], edge.logs()) == ["012345… is in the access.log"]


def _cut_off(edge: Edge, key: str) -> None:
    """Say how long a body is, send half of it, and go."""
    connection = http.client.HTTPSConnection("127.0.0.1", edge.port, context=edge.trust())
    connection.putrequest("POST", f"{ACQUIRE}?k={key}")
    connection.putheader("content-length", "1000")
    connection.endheaders(f'{{"license_key":"{key}'.encode())
    connection.close()


def test_a_line_says_what_became_of_a_call(edge: Edge) -> None:
    (line,) = edge.lines_of(edge.send(Call(name="x", target="/api/v1/licenses/?search=x")))

    assert (line["client"], line["method"], line["tls"]) == ("127.0.0.1", "GET", "TLSv1.3")
    assert (line["path"], line["status"]) == ("/api/v1/licenses/", line["upstream_status"])
