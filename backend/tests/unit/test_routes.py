"""Every address has a pattern of a small set, whatever is asked (S17)."""

import pytest

from coditect_license.routes import route_of as control_route
from leasing.http.routes import FIXED, JWKS, is_leasing_path
from leasing.http.routes import route_of as leasing_route

SESSIONS = "/api/v1/licenses/sessions"
ID = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize("path", [*sorted(FIXED), *(f"{path}/" for path in sorted(FIXED))])
def test_a_fixed_address_is_its_own_pattern(path: str) -> None:
    assert leasing_route(path) == path.removesuffix("/") + "/"


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        (JWKS, JWKS),
        (f"{SESSIONS}/{ID}/", f"{SESSIONS}/{{session_id}}/"),
        (f"{SESSIONS}/{ID}", f"{SESSIONS}/{{session_id}}/"),
        (f"{SESSIONS}/no-id-at-all", f"{SESSIONS}/{{session_id}}/"),
        (f"{SESSIONS}/{ID}/heartbeat/", f"{SESSIONS}/{{session_id}}/heartbeat/"),
        (f"{SESSIONS}/{ID}/heartbeat", f"{SESSIONS}/{{session_id}}/heartbeat/"),
        (f"{SESSIONS}/{ID}/more/", "unknown"),
        (f"{SESSIONS}/a/b/heartbeat/", "unknown"),
        (f"{JWKS}/", "unknown"),
        ("/health//", "unknown"),
        ("", "unknown"),
    ],
)
def test_an_address_of_the_leasing_plane_has_its_pattern(path: str, pattern: str) -> None:
    assert leasing_route(path) == pattern


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("/api/v1/licenses/", "/api/v1/licenses/"),
        (f"/api/v1/licenses/{ID}/rotate-key/", "/api/v1/licenses/{license_id}/rotate-key/"),
        (
            f"/api/v1/service-accounts/{ID}/tokens/{ID}/",
            "/api/v1/service-accounts/{account_id}/tokens/{token_id}/",
        ),
        ("/api/v1/licenses/not-an-id/", "unknown"),
        ("/static/anything/at/all.js", "/static/"),
        ("/admin/login/", "unknown"),
        ("/wp-login.php", "unknown"),
        ("", "unknown"),
        ("//", "unknown"),
        ("/\x00\n%", "unknown"),
    ],
)
def test_an_address_of_the_control_plane_has_its_pattern(path: str, pattern: str) -> None:
    assert control_route(path) == pattern


def test_s17_no_odd_address_makes_a_pattern_of_its_own() -> None:
    odd = [
        f"{root}{n}{tail}"
        for n in range(200)
        for root in ("/", "/api/v1/", f"{SESSIONS}/")
        for tail in ("", "/", "/x", "/heartbeat/", "?x=/health")
    ]

    found = {leasing_route(path) if is_leasing_path(path) else control_route(path) for path in odd}

    assert found <= {
        "unknown",
        f"{SESSIONS}/{{session_id}}/",
        f"{SESSIONS}/{{session_id}}/heartbeat/",
    }
