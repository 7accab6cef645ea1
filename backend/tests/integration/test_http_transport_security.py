"""Where https is served, answers to GET say so; leases are taken and kept without those bytes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.customer import Customer
from tests.support.plane import NOBODY, SESSIONS, Plane, as_key

SAID = "max-age=31536000; includeSubDomains; preload"
HTTPS = {"x-forwarded-proto": "https"}
HEADER = "strict-transport-security"


@pytest.fixture
def secure(db: Path, tmp_path: Path) -> Iterator[Plane]:
    with Plane(db, tmp_path, transport_security=SAID.encode()) as running:
        yield running


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "path",
    ["/health", "/api/v1/licenses/keys/", "/.well-known/jwks.json", f"{SESSIONS}{NOBODY}/"],
)
def test_what_a_browser_may_ask_for_is_kept_to_https(secure: Plane, method: str, path: str) -> None:
    answers = [
        secure.call(method, path, headers=headers).headers.get(HEADER)
        for headers in (HTTPS, {}, {"x-forwarded-proto": "http"})
    ]

    assert answers == [SAID, None, None]
    assert len(f"{HEADER}: {SAID}\r\n") == 73  # what docs say that each heartbeat is spared


def test_a_lease_is_taken_and_kept_without_it(secure: Plane) -> None:
    alice = Customer("alice", seats=1, key_auth=True)
    headers = {**HTTPS, **as_key(alice.key)}

    taken = secure.acquire(alice, "laptop", headers=headers)
    session = f"{SESSIONS}{taken.json()['session_id']}/"
    kept = secure.call("PATCH", f"{session}heartbeat/", headers=headers)
    seen = secure.call("GET", session, headers=headers)

    assert [one.status_code for one in (taken, kept, seen)] == [201, 200, 200]
    assert [one.headers.get(HEADER) for one in (taken, kept, seen)] == [None, None, SAID]


def test_where_http_is_served_nothing_is_said(plane: Plane) -> None:
    assert HEADER not in plane.call("GET", "/health", headers=HTTPS).headers
