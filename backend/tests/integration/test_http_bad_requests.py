"""Requests that are wrong around the body: size, type, address, method, query."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.customer import Customer
from tests.support.plane import ACQUIRE, NOBODY, SESSIONS, Plane, as_key, problem

_JSON = {"content-type": "application/json"}
_MOST_BYTES = 65_536


@pytest.fixture
def session(plane: Plane, alice: Customer) -> str:
    return str(plane.acquire(alice, "laptop").json()["session_id"])


def a_body(customer: Customer, size: int) -> bytes:
    """Return a good acquire, made longer with spaces, which JSON allows."""
    return f'{{"license_key": "{customer.key}", "hardware_id": "laptop"}}'.ljust(size).encode()


async def in_chunks(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 10_000):
        yield body[start : start + 10_000]


def test_a_body_of_64_kib_is_taken_with_its_length_and_in_chunks(
    plane: Plane, alice: Customer
) -> None:
    body = a_body(alice, _MOST_BYTES)

    at_once = plane.call("POST", ACQUIRE, content=body, headers=_JSON)
    in_parts = plane.call("POST", ACQUIRE, content=in_chunks(body), headers=_JSON)

    assert (at_once.status_code, in_parts.status_code) == (201, 200)


@pytest.mark.parametrize("path", [ACQUIRE, f"{SESSIONS}{NOBODY}/heartbeat/"])
@pytest.mark.parametrize("is_chunked", [False, True])
@pytest.mark.parametrize("size", [_MOST_BYTES + 1, 500_000])
def test_s17_a_body_over_64_kib_is_413_with_its_length_and_in_chunks(
    plane: Plane, alice: Customer, path: str, is_chunked: bool, size: int
) -> None:
    body = a_body(alice, size)
    before = plane.ledger()

    answer = plane.call(
        "POST" if path == ACQUIRE else "PATCH",
        path,
        content=in_chunks(body) if is_chunked else body,
        headers={**_JSON, **as_key(alice.key)},
    )

    assert problem(answer) == (413, "body_too_large")
    assert answer.headers["connection"] == "close"
    assert plane.ledger() == before


def test_s17_a_hundred_thousand_levels_are_refused_for_their_length(plane: Plane) -> None:
    answer = plane.call("POST", ACQUIRE, content=b"[" * 100_000, headers=_JSON)

    assert problem(answer) == (413, "body_too_large")


@pytest.mark.parametrize(
    "media_type",
    [
        None,
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonx",
        "application/problem+json",
        "text/json",
        "application/json, text/plain",
    ],
)
def test_a_body_that_does_not_say_it_is_json_is_415(
    plane: Plane, alice: Customer, media_type: str | None
) -> None:
    headers = {} if media_type is None else {"content-type": media_type}
    before = plane.ledger()

    answer = plane.call("POST", ACQUIRE, content=a_body(alice, 100), headers=headers)

    assert problem(answer) == (415, "unsupported_media_type")
    assert plane.ledger() == before


@pytest.mark.parametrize(
    "media_type", ["application/json; charset=utf-8", "Application/JSON", "application/json ;v=1"]
)
def test_json_may_be_said_in_other_ways(plane: Plane, alice: Customer, media_type: str) -> None:
    headers = {"content-type": media_type}

    assert plane.call("POST", ACQUIRE, content=a_body(alice, 100), headers=headers).is_success


def test_two_content_types_are_415(plane: Plane, alice: Customer) -> None:
    twice = [("content-type", "application/json")] * 2

    answer = plane.call("POST", ACQUIRE, content=a_body(alice, 100), headers=twice)

    assert problem(answer) == (415, "unsupported_media_type")


_NO_SESSIONS = {
    "a word": "nobody",
    "upper case": NOBODY.upper().replace("0000-4000", "ABCD-4000"),
    "no hyphens": NOBODY.replace("-", ""),
    "braces": f"{{{NOBODY}}}",
    "a urn": f"urn:uuid:{NOBODY}",
    "too long": NOBODY + "0",
    "very long": "f" * 5_000,
    "NUL": f"{NOBODY}%00",
    "a line feed": f"{NOBODY}%0A",
    "an encoded slash": f"{NOBODY}%2Fx",
    "other digits": "\u0660" * 8 + NOBODY[8:],
    "beyond UTF-8": "%FF%FE",
    "SQL": "'%20OR%201=1--",
    "dots": "%2E%2E%2Facquire",
    "nothing": "",
}


@pytest.mark.parametrize("name", _NO_SESSIONS)
@pytest.mark.parametrize(
    ("method", "end"), [("GET", "/"), ("DELETE", "/"), ("PATCH", "/heartbeat/")]
)
def test_a_session_id_of_another_form_names_no_session(
    plane: Plane, alice: Customer, name: str, method: str, end: str
) -> None:
    before = plane.ledger()

    answer = plane.call(method, f"{SESSIONS}{_NO_SESSIONS[name]}{end}", headers=as_key(alice.key))

    assert problem(answer) == (404, "not_found")
    assert plane.ledger() == before


def test_a_session_is_known_by_one_spelling_only(
    plane: Plane, alice: Customer, session: str
) -> None:
    assert problem(plane.state(session.upper(), as_key(alice.key))) == (404, "not_found")
    assert plane.state(session, as_key(alice.key)).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/licenses/acquire/x",
        "/api/v1/licenses/acquire//",
        "/api/v1/licenses/acquired",
        "/api/v1/licenses/keys/x",
        "/api/v1/licenses/keys.pem",
        f"{SESSIONS}{NOBODY}/x",
        f"{SESSIONS}{NOBODY}/heartbeat/x",
        "/health/x",
        "/healthz",
        "/health/" + "x" * 60_000,
    ],
)
def test_an_address_that_does_not_exist_is_404(plane: Plane, path: str) -> None:
    assert problem(plane.call("GET", path)) == (404, "not_found")


_METHODS = {
    ACQUIRE: {"POST"},
    f"{SESSIONS}{NOBODY}/": {"GET", "DELETE"},
    f"{SESSIONS}{NOBODY}/heartbeat/": {"PATCH"},
    "/api/v1/licenses/keys/": {"GET"},
    "/.well-known/jwks.json": {"GET"},
    "/health/": {"GET"},
    "/health/live": {"GET"},
    "/health/ready": {"GET"},
}


@pytest.mark.parametrize("path", _METHODS)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"])
def test_a_wrong_method_is_405_and_names_the_right_ones(
    plane: Plane, path: str, method: str
) -> None:
    answer = plane.call(method, path)

    if method in _METHODS[path]:
        assert answer.status_code != 405
        return
    assert problem(answer) == (405, "method_not_allowed")
    assert set(answer.headers["allow"].split(", ")) == _METHODS[path]


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("instance_id=", ("instance_id", "too_short")),
        ("instance_id=" + "a" * 129, ("instance_id", "too_long")),
        ("instance_id=a%00b", ("instance_id", "bad_characters")),
        ("instance_id=a%0A", ("instance_id", "bad_characters")),
        ("instance_id=%FF", ("instance_id", "bad_characters")),
        ("instance_id=%C3%BC", ("instance_id", "bad_characters")),
        ("instance_id=a&instance_id=b", ("instance_id", "duplicate_member")),
        ("instance=a", ("instance", "unknown_field")),
        ("instance_id=a&colour=red", ("colour", "unknown_field")),
        ("a%00=1", ("a?", "unknown_field")),
        ("garbage", ("garbage", "unknown_field")),
        ("&".join(f"a{n}=1" for n in range(50)), ("", "malformed_query")),
    ],
)
def test_s5_a_release_whose_query_is_wrong_releases_nothing(
    plane: Plane, alice: Customer, session: str, query: str, error: tuple[str, str]
) -> None:
    before = plane.ledger()

    answer = plane.call("DELETE", f"{SESSIONS}{session}/?{query}", headers=as_key(alice.key))

    assert problem(answer) == (400, "invalid_request")
    (said,) = answer.json()["errors"]
    assert (said["field"], said["code"]) == error
    assert plane.ledger() == before


def test_s17_overload_is_503_with_when_to_come_back(db: Path, tmp_path: Path) -> None:
    with Plane(db, tmp_path, most_waiting=0) as plane:
        alice = Customer("alice", seats=3, key_auth=True)
        key = as_key(alice.key)
        before = plane.ledger()

        refused: list[Any] = [
            plane.acquire(alice, "laptop"),
            plane.heartbeat(NOBODY, key),
            plane.release(NOBODY, key),
            plane.state(NOBODY, key),
        ]

        assert [problem(answer) for answer in refused] == [(503, "overloaded")] * 4
        assert all(int(answer.headers["retry-after"]) >= 1 for answer in refused)
        assert plane.ledger() == before
