"""What the control plane answers to calls that lead nowhere, and what it logs."""

import json
from typing import Any

import httpx
import pytest
from support.server import RunningServer, StartServer

MEMBERS = {"type", "title", "status", "detail", "error", "message", "request_id"}


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/", {}, 404),
        ("GET", "/api/v1/nothing/", {}, 404),
        ("GET", "/api/docs", {}, 404),
        ("GET", "/static/nothing.js", {}, 404),
        ("POST", "/api/schema/", {}, 405),
        ("POST", "/static/coditect_license/pages.css", {}, 405),
        ("GET", "/api/docs/", {"host": "evil.example"}, 400),
        ("GET", "/api/schema/?format=xml", {}, 400),
    ],
)
def test_a_call_that_leads_nowhere_is_a_problem(
    server: RunningServer, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    answer = httpx.request(method, server.base_url + path, headers=headers)

    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, problem["status"]) == (status, status)
    assert set(problem) >= MEMBERS
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_each_request_of_the_control_plane_is_one_json_line(start_server: StartServer) -> None:
    server = start_server()
    answers = [
        httpx.get(f"{server.base_url}/api/docs/?key=CDT1-SECRET"),
        httpx.get(f"{server.base_url}/static/coditect_license/pages.css"),
        httpx.get(f"{server.base_url}/nowhere/"),
        httpx.get(f"{server.base_url}/api/docs/", headers={"host": "evil.example"}),
    ]
    server.stop()

    lines = [line for line in _records(server) if line.get("plane") == "control"]
    assert [(line["request_id"], line["httpRequest"]["status"]) for line in lines] == [
        (answer.headers["x-request-id"], answer.status_code) for answer in answers
    ]
    assert "CDT1-SECRET" not in "".join(server.output)
    assert {line["severity"] for line in _records(server)} <= {"INFO", "WARNING"}


def _records(server: RunningServer) -> list[dict[str, Any]]:
    return [json.loads(line) for line in server.output if line.startswith("{")]


def test_whom_to_tell_of_a_weakness_is_said_where_it_is_set(
    server: RunningServer, start_server: StartServer
) -> None:
    path = "/.well-known/security.txt"
    telling = start_server({"LICENSE_SECURITY_CONTACT": "mailto:security@example.com"})

    answer = httpx.get(telling.base_url + path)

    assert httpx.get(server.base_url + path).status_code == 404
    assert answer.text.startswith("Contact: mailto:security@example.com\nExpires: 20")
    assert answer.headers["content-type"].startswith("text/plain")
