"""Who is answered without a credential: every address of both planes, and the list agreed on.

The addresses come from Django's own map and from the leasing plane's table, so that one which no
document names is asked too.
"""

import asyncio
import re
from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from coditect_license.static_files import PREFIX, StaticAssets
from tests.support.plane import ACQUIRE, NOBODY, SESSIONS, Plane

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
OPEN_AT_THE_LEASING_PLANE: Final = {
    f"{method} {path}"
    for method in ("GET", "HEAD")
    for path in (
        "/health",
        "/health/live",
        "/health/ready",
        "/api/v1/licenses/keys",
        "/.well-known/jwks.json",
    )
}
OPEN_AT_THE_CONTROL_PLANE: Final = {
    f"{method} /api/{page}/"
    for method in ("GET", "HEAD", "OPTIONS")
    for page in ("schema", "docs", "redoc")
}
ASKS_FOR_ONE: Final = {401, 405}
"""A credential, or another method: nothing else is said to whoever shows none."""

_PARAMETER: Final = re.compile(r"<(?:\w+:)?\w+>|\(\?P<\w+>[^()]*\)")


def addresses(patterns: Any, before: str = "/") -> Iterator[str]:
    """Give every address of Django's map, with an id that nobody has for each parameter."""
    for entry in patterns:
        route = before + str(entry.pattern).removeprefix("^").removesuffix("$").removesuffix(r"\Z")
        if isinstance(entry, URLResolver):
            yield from addresses(entry.url_patterns, route)
        else:
            assert isinstance(entry, URLPattern)
            yield _PARAMETER.sub(NOBODY, route).replace("\\", "")


@pytest.mark.usefixtures("db")
def test_the_control_plane_answers_nobody_else() -> None:
    client = Client(raise_request_exception=False, SERVER_NAME="127.0.0.1")
    paths = list(addresses(get_resolver().url_patterns))

    answered = {
        f"{method} {path}"
        for path in paths
        for method in METHODS
        if _status(client, method, path) not in ASKS_FOR_ONE
    }

    assert len(paths) >= 3
    assert answered == OPEN_AT_THE_CONTROL_PLANE


def _status(client: Client, method: str, path: str) -> int:
    return client.generic(method, path, b"{}", "application/json").status_code


def test_the_leasing_plane_answers_nobody_else(plane: Plane) -> None:
    table: Any = plane.application
    body = {"license_key": "CDT1-NOBODYS", "hardware_id": "laptop"}
    paths = [*table._fixed, f"{SESSIONS}{NOBODY}/", f"{SESSIONS}{NOBODY}/heartbeat/"]

    answered = {
        f"{method} {path}"
        for path in paths
        for method in METHODS
        if plane.call(method, path, json=body if path in ACQUIRE else {}).status_code
        not in ASKS_FOR_ONE
    }

    assert answered == OPEN_AT_THE_LEASING_PLANE


def test_files_are_open() -> None:
    async def status(path: str) -> int:
        transport = httpx.ASGITransport(StaticAssets())
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return (await client.get(path)).status_code

    assert asyncio.run(status(f"{PREFIX}/coditect_license/pages.css")) == 200


def test_a_parameter_of_either_kind_is_replaced() -> None:
    for route in ("a/<uuid:id>/b/", "a/(?P<pk>[^/.]+)/b/", "a/<id>/b/"):
        assert _PARAMETER.sub(NOBODY, route) == f"a/{NOBODY}/b/"
