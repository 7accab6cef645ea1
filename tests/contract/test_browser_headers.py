"""What a browser is told with every answer of the control plane, and whose pages may read one."""

import httpx
import pytest
from support.server import RunningServer, StartServer

OURS, THEIRS = "https://console.example", "https://evil.example"
SILENT = "default-src 'none'"
ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
}
ANSWERS = ["/api/docs/", "/api/redoc/", "/api/schema/", "/nowhere/", "/api/v1/nothing/"]


@pytest.mark.parametrize("path", ANSWERS)
def test_every_answer_has_them(server: RunningServer, path: str) -> None:
    answer = httpx.get(server.base_url + path)

    assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS
    assert "camera=()" in answer.headers["permissions-policy"]
    policy = answer.headers["content-security-policy"]
    assert policy.startswith(SILENT)
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "*" not in policy


def test_no_origin_may_read_anything_unless_it_is_named(server: RunningServer) -> None:
    for method in ("GET", "OPTIONS"):
        headers = {"origin": OURS, "access-control-request-method": "GET"}
        answer = httpx.request(method, f"{server.base_url}/api/schema/", headers=headers)

        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_a_named_origin_may_read_the_api_and_no_other_and_never_with_cookies(
    start_server: StartServer,
) -> None:
    server = start_server({"LICENSE_CORS_ORIGINS": OURS})
    preflight = {"access-control-request-method": "PATCH"}

    allowed = httpx.get(f"{server.base_url}/api/schema/", headers={"origin": OURS})
    asked = httpx.options(
        f"{server.base_url}/api/v1/nothing/", headers={"origin": OURS, **preflight}
    )

    assert allowed.headers["access-control-allow-origin"] == OURS
    assert "origin" in allowed.headers["vary"].lower()
    assert "access-control-allow-credentials" not in allowed.headers
    assert asked.headers["access-control-allow-origin"] == OURS
    assert "idempotency-key" in asked.headers["access-control-allow-headers"]
    for origin in (THEIRS, f"{OURS}.evil.example", "null", OURS.replace("https", "http")):
        answer = httpx.get(f"{server.base_url}/api/schema/", headers={"origin": origin})
        assert "access-control-allow-origin" not in answer.headers
    page = httpx.get(f"{server.base_url}/nowhere/", headers={"origin": OURS})
    assert "access-control-allow-origin" not in page.headers


def test_cookies_of_other_origins_are_for_who_asks_for_them(start_server: StartServer) -> None:
    server = start_server({"LICENSE_CORS_ORIGINS": OURS, "LICENSE_CORS_CREDENTIALS": "yes"})

    answer = httpx.get(f"{server.base_url}/api/schema/", headers={"origin": OURS})

    assert answer.headers["access-control-allow-credentials"] == "true"
