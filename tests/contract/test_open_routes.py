"""Who gets an answer without showing a credential: only the addresses listed here."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from support.server import RunningServer, StartServer

OPEN = {
    "GET /health/",
    "GET /health/live",
    "GET /health/ready",
    "GET /api/v1/licenses/keys/",
    "GET /.well-known/jwks.json",
    "GET /api/schema/",
    "GET /api/docs/",
    "GET /api/redoc/",
}
DOCUMENTATION = ("/api/schema/", "/api/docs/", "/api/redoc/")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
IN_PATH = re.compile(r"\{\w+\}")
NOBODY = "00000000-0000-4000-8000-000000000000"


def document(server: RunningServer) -> dict[str, Any]:
    answer: dict[str, Any] = httpx.get(f"{server.base_url}/api/schema/?format=json").json()
    return answer


def calls(server: RunningServer) -> Iterator[tuple[str, str]]:
    """Every method at every address that the document names, whether it names the method or not."""
    for path in document(server)["paths"]:
        for method in METHODS:
            yield method, path


def ask(server: RunningServer, method: str, path: str) -> httpx.Response:
    body = b"{}" if method in {"POST", "PUT", "PATCH"} else None
    url = server.base_url + IN_PATH.sub(NOBODY, path)
    headers = {"content-type": "application/json"} if body else {}
    return httpx.request(method, url, content=body, headers=headers)


def test_only_the_listed_routes_answer_without_a_credential(server: RunningServer) -> None:
    answered = {
        f"{method} {path}"
        for method, path in calls(server)
        if ask(server, method, path).status_code < 400
    }

    assert answered == OPEN


def test_every_other_documented_call_asks_for_a_credential(server: RunningServer) -> None:
    for path, operations in document(server)["paths"].items():
        for method in operations:
            if f"{method.upper()} {path}" in OPEN:
                continue
            answer = ask(server, method.upper(), path)
            # An acquire without its key is refused for its body before anybody asks who calls.
            is_acquire = path == "/api/v1/licenses/acquire/"
            expected = (400, "invalid_request") if is_acquire else (401, "missing_auth")
            assert (answer.status_code, answer.json()["error"]) == expected, (method, path)


def test_the_slash_at_the_end_of_a_leasing_call_is_optional(server: RunningServer) -> None:
    for method, path in sorted(call.split() for call in OPEN):
        if path not in DOCUMENTATION:
            answer = ask(server, method, path.removesuffix("/"))
            assert answer.status_code == 200, path


def test_allow_names_the_methods_that_the_document_names(server: RunningServer) -> None:
    for path, operations in document(server)["paths"].items():
        answer = ask(server, "PUT", path)

        assert answer.status_code == 405, path
        allowed = set(answer.headers["allow"].split(", ")) - {"HEAD", "OPTIONS"}
        assert allowed == {method.upper() for method in operations}, path


@pytest.mark.parametrize("path", DOCUMENTATION)
def test_each_page_of_the_documentation_is_open(server: RunningServer, path: str) -> None:
    assert httpx.get(server.base_url + path).status_code == 200


def test_a_setting_closes_the_documentation_and_nothing_else(start_server: StartServer) -> None:
    server = start_server(env={"LICENSE_API_DOCS": "false"})

    for path in DOCUMENTATION:
        answer = httpx.get(server.base_url + path)
        assert (answer.status_code, answer.json()["error"]) == (404, "not_found")
        assert answer.headers["content-type"] == "application/problem+json"
    assert httpx.get(f"{server.base_url}/health/ready").status_code == 200
