"""Attacks end at the edge; with the rules off the same attacks reach the server."""

import http.client
from pathlib import Path
from typing import Final

import pytest
from deploy.edge.edges import Answer, Edge, edge_before
from deploy.traffic.attacks import Attack, attacks, in_hardware_id
from deploy.traffic.calls import HOST, Call, json_call
from support.server import RunningServer

ACQUIRE: Final = "/api/v1/licenses/acquire/"
ALL_ATTACKS: Final = tuple(attacks())


def assert_is_problem(answer: Answer, status: int, code: str) -> None:
    """Assert that the edge answered, in the form of the house."""
    assert answer.status == status, (answer.status, answer.body[:200])
    problem = answer.problem
    assert problem["type"] == f"urn:coditect:license:problem:{code}"
    assert (problem["status"], problem["error"]) == (status, code)
    assert problem["detail"] == problem["message"]
    assert problem["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize("attack", ALL_ATTACKS, ids=lambda attack: attack.name[:60])
def test_each_attack_is_refused(edge: Edge, attack: Attack) -> None:
    answer = edge.send(attack.call)

    assert_is_problem(answer, 403, "refused_at_edge")


def test_none_of_them_was_seen_by_the_server(edge: Edge) -> None:
    answers = [edge.send(attack.call) for attack in ALL_ATTACKS[::5]]

    lines = edge.lines_of(*answers)
    assert {(line["status"], line["upstream_status"]) for line in lines} == {("403", "")}


def test_with_the_rules_off_they_reach_the_server(
    trusting_server: RunningServer, tmp_path: Path
) -> None:
    """The control: it is the rules that refuse."""
    with edge_before(tmp_path, trusting_server.port, "--waf", "off") as open_edge:
        answers = [open_edge.send(attack.call) for attack in ALL_ATTACKS]

        assert all(line["upstream_status"] for line in open_edge.lines_of(*answers))
    assert not any(b"refused_at_edge" in answer.body for answer in answers)


def test_watching_lets_them_through_and_writes_which_rules_matched(
    trusting_server: RunningServer, tmp_path: Path
) -> None:
    secret = "CDT1-53CRE-T0000-00000-00000-00000-00000"
    with edge_before(tmp_path, trusting_server.port, "--waf", "watch") as watching:
        hostile = in_hardware_id("x' union select password from users--", key=f"{secret}' or 1=1--")
        answer = watching.send(hostile)

    written = watching.logs()["matched.log"]
    assert b"refused_at_edge" not in answer.body
    assert "942100" in written
    assert "sqli=" in written
    assert answer.headers["x-request-id"].replace("-", "") in written.replace("-", "")
    assert secret not in written


def test_a_body_that_is_too_long_is_refused_by_its_length(edge: Edge) -> None:
    answer = edge.send(json_call("long", "POST", ACQUIRE, {"metadata": "m" * 65_536}))

    assert_is_problem(answer, 413, "body_too_large")


def test_a_body_of_the_longest_size_reaches_the_server(edge: Edge) -> None:
    size = 65_536 - len('{"license_key":"","hardware_id":"laptop"}')
    call = json_call(
        "longest", "POST", ACQUIRE, {"license_key": "m" * size, "hardware_id": "laptop"}
    )
    assert len(call.body) == 65_536

    answer = edge.send(call)

    assert answer.status == 400
    assert answer.problem["errors"][0]["field"] == "license_key"


def test_a_body_that_does_not_say_its_length_is_refused_as_it_comes(edge: Edge) -> None:
    connection = http.client.HTTPSConnection("127.0.0.1", edge.port, context=edge.trust())
    connection.putrequest("POST", ACQUIRE, skip_host=True)
    headers = {"Host": HOST, "Content-Type": "application/json", "Transfer-Encoding": "chunked"}
    for name, text in headers.items():
        connection.putheader(name, text)
    connection.endheaders()
    try:
        for _ in range(5):
            connection.send(b"4000\r\n" + b"m" * 0x4000 + b"\r\n")
        connection.send(b"0\r\n\r\n")
    except (BrokenPipeError, ConnectionResetError):
        pass  # it need not read what it has refused
    assert connection.getresponse().status == 413
    connection.close()


def test_an_injection_at_the_end_of_a_long_body_is_found(edge: Edge) -> None:
    call = json_call("x", "POST", ACQUIRE, {"m": "m" * 60_000, "h": "x' union select a from b--"})

    assert_is_problem(edge.send(call), 403, "refused_at_edge")


def test_json_that_cannot_be_read_is_refused(edge: Edge) -> None:
    headers = {"content-type": "application/json"}
    call = Call(name="x", method="POST", target=ACQUIRE, headers=headers, body=b'{"license_key":')

    assert_is_problem(edge.send(call), 400, "invalid_request")


@pytest.mark.parametrize(
    ("method", "status"), [("TRACE", 405), ("PROPFIND", 403), ("DEBUG", 403), ("XPOST", 403)]
)
def test_methods_that_nothing_takes_are_refused(edge: Edge, method: str, status: int) -> None:
    assert edge.send(Call(name=method, method=method, target=ACQUIRE)).status == status


@pytest.mark.parametrize("path", ["/metrics", "/metrics/", "/METRICS", "/metrics/x", "//metrics"])
def test_figures_are_not_served(edge: Edge, path: str) -> None:
    answer = edge.send(Call(name=path, target=path))

    assert_is_problem(answer, 404, "not_found")
    assert edge.lines_of(answer)[0]["upstream_status"] == ""


@pytest.mark.parametrize("path", ["/health", "/health/", "/health/live", "/health/ready"])
def test_health_is_answered_by_the_server(edge: Edge, path: str) -> None:
    answer = edge.send(Call(name=path, target=path, headers={"host": "10.0.0.1"}))

    assert (answer.status, edge.lines_of(answer)[0]["upstream_status"]) == (200, "200")


def test_headers_that_are_too_long_are_refused(edge: Edge) -> None:
    call = Call(name="long", target="/api/v1/licenses/", headers={"x-long": "a" * 40_000})

    assert_is_problem(edge.send(call), 431, "head_too_large")
