"""The pages load nothing from elsewhere; Django's own refusals are problem documents."""

import asyncio
import hashlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import drf_spectacular_sidecar
import httpx
import pytest
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from coditect_license import urls
from coditect_license.middleware import RequestLog
from coditect_license.static_files import StaticAssets
from foundation.logs import JsonLines
from leasing.http.messages import Receive, Scope, Send
from licenses.errors import LicenseRevoked

PAGES = ("/api/docs/", "/api/redoc/")
REDOC = (
    Path(drf_spectacular_sidecar.__file__).parent
    / "static/drf_spectacular_sidecar/redoc/bundles/redoc.standalone.js"
)
REDOC_SEEN = "dcaf76612bc4a3fbcc923a8966dee2f6146a5f32e5ce1b6f02dd60cbbf89500b"
ASSET = re.compile(r"""(?:src|href|data-document)="([^"]*)""")
FOREIGN = re.compile(r"""(?:url\(\s*['"]?|@import\s+['"]?)(?!data:)([^'")\s]+)""")


def client() -> Client:
    return Client(SERVER_NAME="localhost", raise_request_exception=False)


def ask_asset(url: str, method: str = "GET") -> httpx.Response:
    async def ask(descriptor: int) -> httpx.Response:
        application = RequestLog(StaticAssets(), JsonLines(descriptor))
        transport = httpx.ASGITransport(cast("Any", application))
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as asking:
            return await asking.request(method, url)

    with Path(os.devnull).open("wb") as nowhere:
        return asyncio.run(ask(nowhere.fileno()))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_names_only_assets_of_this_server_and_all_are_there(page: str) -> None:
    answer = client().get(page)
    assets = ASSET.findall(answer.content.decode())

    assert len(assets) >= 5
    for asset in assets:
        assert asset.startswith("/")
        assert not asset.startswith("//")
        status = (
            ask_asset(asset).status_code
            if asset.startswith("/static/")
            else client().get(asset).status_code
        )
        assert (asset, status) == (asset, 200)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_may_run_and_load_nothing_but_files_of_this_server(page: str) -> None:
    answer = client().get(page)

    policy = dict(
        part.strip().partition(" ")[::2] for part in answer["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == policy["font-src"] == "'self'"
    assert policy["img-src"] == "'self' data:"
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert "http" not in answer["Content-Security-Policy"]
    assert not re.search(rb"<script(?![^>]* src=)|<style|\son\w+=|\sstyle=", answer.content)


@pytest.mark.parametrize("page", PAGES)
def test_no_style_sheet_loads_anything(page: str) -> None:
    for asset in ASSET.findall(client().get(page).content.decode()):
        if asset.endswith(".css"):
            assert not FOREIGN.findall(ask_asset(asset).text), asset


def test_redoc_is_the_one_whose_style_sheets_the_policy_names_by_their_hash() -> None:
    digest = hashlib.sha256(REDOC.read_bytes()).hexdigest()

    assert digest == REDOC_SEEN, "ReDoc changed: look for violations in a browser's console"


def test_an_asset_is_cached_for_minutes_and_is_no_page_of_its_own() -> None:
    answer = ask_asset("/static/coditect_license/redoc.js")

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.parametrize(
    ("url", "method", "status"),
    [
        ("/static/nothing.js", "GET", 404),
        ("/static/coditect_license/", "GET", 404),
        ("/static/%2e%2e/settings.py", "GET", 404),
        ("/static/coditect_license/%2e%2e/%2e%2e/settings.py", "GET", 404),
        ("/static//etc/passwd", "GET", 404),
        ("/static/%00", "GET", 404),
        ("/static/coditect_license/redoc.js", "POST", 405),
    ],
)
def test_what_is_no_asset_is_a_problem(url: str, method: str, status: int) -> None:
    answer = ask_asset(url, method)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize(
    ("query", "accept", "media_type"),
    [
        ("", "*/*", "application/yaml"),
        ("", "application/json", "application/json"),
        ("?format=json", "*/*", "application/json"),
        ("?format=yaml", "application/json", "application/yaml"),
    ],
)
def test_the_document_comes_as_yaml_or_json(query: str, accept: str, media_type: str) -> None:
    answer = client().get(f"/api/schema/{query}", headers={"accept": accept})

    assert (answer.status_code, answer["Content-Type"]) == (200, media_type)


def test_a_format_that_there_is_not_is_a_problem() -> None:
    answer = client().get("/api/schema/?format=xml")

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "format")


def test_an_unknown_address_is_a_problem() -> None:
    answer = client().get("/api/v1/nothing/")

    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert answer.json()["error"] == "not_found"


def test_an_unknown_host_is_a_problem() -> None:
    answer = client().get("/api/docs/", headers={"host": "evil.example"})

    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert answer.json()["errors"][0]["field"] == "Host"
    assert b"evil" not in answer.content


def test_another_method_is_a_problem_that_names_the_right_ones() -> None:
    answer = client().post("/api/schema/")

    assert (answer.status_code, answer.json()["error"]) == (405, "method_not_allowed")
    assert "GET" in answer["Allow"]
    assert answer["X-Frame-Options"] == "DENY"


def _refuse(error: Exception) -> Any:
    def view(request: HttpRequest) -> HttpResponse:
        raise error

    return view


def _urls_of_trouble() -> ModuleType:
    trouble = ModuleType("trouble")
    trouble.__dict__.update(
        {name: value for name, value in vars(urls).items() if name.startswith("handler")},
        urlpatterns=[
            path("bug/", _refuse(RuntimeError("a secret"))),
            path("forbidden/", _refuse(PermissionDenied("a secret"))),
            path("revoked/", _refuse(LicenseRevoked("a secret"))),
        ],
    )
    return trouble


@pytest.mark.parametrize(
    ("url", "status", "code"),
    [
        ("/bug/", 500, "internal_error"),
        ("/forbidden/", 403, "forbidden"),
        ("/revoked/", 403, "license_revoked"),
    ],
)
def test_an_error_of_a_view_is_a_problem_without_its_text(url: str, status: int, code: str) -> None:
    with override_settings(ROOT_URLCONF=_urls_of_trouble()):
        answer = client().get(url)

    assert (answer.status_code, answer.json()["error"]) == (status, code)
    assert b"secret" not in answer.content


def test_every_request_is_one_line_without_its_query() -> None:
    reader, writer = os.pipe()

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})

    async def run() -> list[Mapping[str, Any]]:
        sent: list[Mapping[str, Any]] = []

        async def send(message: Mapping[str, Any]) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": "GET",
            "path": "/a/",
            "query_string": b"key=CDT1",
            "headers": [],
        }
        await RequestLog(answer, JsonLines(writer))(scope, _nothing, send)
        await asyncio.sleep(0)
        return sent

    (start,) = asyncio.run(run())
    line = json.loads(os.read(reader, 65_536))
    os.close(reader)
    os.close(writer)

    assert (line["plane"], line["outcome"]) == ("control", "answered")
    asked = line["httpRequest"]
    assert (asked["requestMethod"], asked["requestUrl"], asked["status"]) == ("GET", "/a/", 204)
    assert "CDT1" not in json.dumps(line)
    assert dict(start["headers"])[b"x-request-id"].decode() == line["request_id"]


async def _nothing() -> dict[str, Any]:
    return {"type": "http.disconnect"}
