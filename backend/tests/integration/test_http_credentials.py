"""Who may call, and what everybody else is told."""

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from identity.rules import Role
from tests.support.customer import Customer
from tests.support.databases import use_database
from tests.support.plane import (
    ACQUIRE,
    NOBODY,
    SESSIONS,
    Plane,
    as_key,
    problem,
    without_request_id,
)

_SOME_KEY = "CDT1-00000-00000-00000-00000-00000-00000"


def test_a_license_key_is_taken_from_header_or_body_or_both(plane: Plane, alice: Customer) -> None:
    in_body = plane.acquire(alice, "one")
    in_both = plane.acquire(alice, "two", as_key(alice.key))
    otherwise_typed = plane.acquire(alice, "three", as_key(alice.key.lower().replace("-", "")))

    assert [in_body.status_code, in_both.status_code, otherwise_typed.status_code] == [201] * 3


@pytest.mark.parametrize("scheme", ["License", "license", "LICENSE"])
def test_the_scheme_is_read_in_any_case(plane: Plane, alice: Customer, scheme: str) -> None:
    answer = plane.acquire(alice, "one", {"authorization": f"{scheme} {alice.key}"})

    assert answer.status_code == 201


@pytest.mark.parametrize("role", [Role.MEMBER, Role.ADMIN, Role.OWNER])
def test_a_person_of_the_tenant_leases_with_a_bearer_token(
    plane: Plane, charlie: Customer, role: Role
) -> None:
    person = plane.as_user(charlie, role)

    taken = plane.acquire(charlie, "laptop", person)

    session = taken.json()["session_id"]
    assert taken.status_code == 201
    assert plane.heartbeat(session, person).status_code == 200
    assert plane.state(session, person).status_code == 200
    assert plane.release(session, person).status_code == 204


def test_a_viewer_reads_and_does_nothing_else(plane: Plane, charlie: Customer) -> None:
    session = plane.acquire(charlie, "laptop", plane.as_user(charlie)).json()["session_id"]
    viewer = plane.as_user(charlie, Role.VIEWER)
    before = plane.ledger()

    assert plane.state(session, viewer).status_code == 200
    for refused in (
        plane.acquire(charlie, "other", viewer),
        plane.heartbeat(session, viewer),
        plane.release(session, viewer),
    ):
        assert problem(refused) == (403, "forbidden")
    assert plane.ledger() == before


def test_header_key_and_body_key_that_differ_are_400(plane: Plane, alice: Customer) -> None:
    answer = plane.acquire(alice, "laptop", as_key(_SOME_KEY))

    assert problem(answer) == (400, "invalid_request")
    (error,) = answer.json()["errors"]
    assert (error["field"], error["code"]) == ("license_key", "differs")


def test_a_key_whose_license_wants_a_login_is_401_missing_auth(
    plane: Plane, charlie: Customer
) -> None:
    session = plane.acquire(charlie, "laptop", plane.as_user(charlie)).json()["session_id"]
    key = as_key(charlie.key)

    answers = [
        plane.acquire(charlie, "other"),
        plane.acquire(charlie, "other", key),
        plane.heartbeat(session, key),
        plane.heartbeat(session, license_key=charlie.key),
        plane.release(session, key),
        plane.state(session, key),
    ]

    assert [problem(answer) for answer in answers] == [(401, "missing_auth")] * 6


def test_an_unknown_key_as_the_credential_is_401_invalid_token(
    plane: Plane, alice: Customer
) -> None:
    session = plane.acquire(alice, "laptop").json()["session_id"]
    key = as_key(_SOME_KEY)
    body = {"license_key": _SOME_KEY, "hardware_id": "laptop"}

    answers = [
        plane.call("POST", ACQUIRE, json=body),
        plane.call("POST", ACQUIRE, json=body, headers=key),
        plane.heartbeat(session, key),
        plane.release(session, key),
        plane.state(session, key),
    ]

    assert [problem(answer) for answer in answers] == [(401, "invalid_token")] * 5


def test_a_call_without_any_credential_is_401_missing_auth(plane: Plane, alice: Customer) -> None:
    session = plane.acquire(alice, "laptop").json()["session_id"]
    before = plane.ledger()

    for refused in (plane.heartbeat(session), plane.release(session), plane.state(session)):
        assert problem(refused) == (401, "missing_auth")
        assert refused.headers["www-authenticate"].startswith("Bearer ")
    assert plane.ledger() == before


_BAD_CREDENTIALS: dict[str, Callable[[str], str]] = {
    "basic": lambda _: "Basic dXNlcjpwYXNzd29yZA==",
    "an unknown scheme": lambda token: f"Token {token}",
    "a scheme alone": lambda _: "Bearer",
    "an empty token": lambda _: "Bearer ",
    "an empty key": lambda _: "License ",
    "nothing at all": lambda _: "",
    "no token": lambda _: "Bearer not-a-token",
    "a spoiled signature": lambda token: f"Bearer {token[:-8]}AAAAAAAA",
    "a spoiled payload": lambda token: "Bearer " + token.replace(".e", ".f", 1),
    "two dots missing": lambda token: "Bearer " + token.replace(".", ""),
    "no algorithm": lambda token: "Bearer eyJhbGciOiJub25lIn0." + token.split(".")[1] + ".",
    "a token and more": lambda token: f"Bearer {token} {token}",
    "a very long token": lambda token: "Bearer " + token * 40,
    "a key that is too long": lambda _: "License " + "K" * 257,
    "a key beyond ASCII": lambda _: "License sch\u00fcssel",
    "a key with a tab": lambda _: "License a\tb",
    "a token behind a no-break space": lambda token: f"Bearer \u00a0{token}",
    "a token before a next line": lambda token: f"Bearer {token}\u0085",
    "a token before a unit separator": lambda token: f"Bearer {token}\x1f",
}


@pytest.mark.parametrize("name", _BAD_CREDENTIALS)
def test_every_kind_of_bad_credential_has_the_same_answer(
    plane: Plane, charlie: Customer, name: str
) -> None:
    person = plane.as_user(charlie)
    session = plane.acquire(charlie, "laptop", person).json()["session_id"]
    token = person["authorization"].removeprefix("Bearer ")
    bad = {b"authorization": _BAD_CREDENTIALS[name](token).encode("latin-1")}
    reference = plane.state(session, as_key(_SOME_KEY))
    before = plane.ledger()

    answer = plane.call("DELETE", f"{SESSIONS}{session}/", headers=bad)

    assert problem(answer) == (401, "invalid_token")
    assert without_request_id(answer) == without_request_id(reference)
    assert plane.ledger() == before


def test_two_authorization_headers_are_401_even_when_both_are_good(
    plane: Plane, alice: Customer
) -> None:
    session = plane.acquire(alice, "laptop").json()["session_id"]
    twice = [("authorization", f"License {alice.key}")] * 2

    answer = plane.call("GET", f"{SESSIONS}{session}/", headers=twice)

    assert problem(answer) == (401, "invalid_token")


def test_an_expired_token_is_401(plane: Plane, charlie: Customer) -> None:
    person = plane.as_user(charlie)
    plane.clock.advance(86_400 + 61)

    assert problem(plane.state(NOBODY, person)) == (401, "invalid_token")


def test_a_good_token_of_a_tenant_that_is_not_here_is_403(plane: Plane) -> None:
    token = plane.issuer.mint(
        tenant_id=UUID(NOBODY), subject="stranger", role=Role.OWNER, lifetime_seconds=600
    )

    answer = plane.state(NOBODY, {"authorization": f"Bearer {token}"})

    assert problem(answer) == (403, "missing_tenant")


def test_a_ledger_that_is_away_does_not_make_a_good_token_a_bad_one(
    plane: Plane, alice: Customer, tmp_path: Path
) -> None:
    person = plane.as_user(alice)
    use_database(tmp_path / "gone" / "license.sqlite3")

    answers = [plane.state(NOBODY, person), plane.call("GET", "/.well-known/jwks.json")]

    assert [problem(answer) for answer in answers] == [(503, "store_unavailable")] * 2
    assert all(answer.headers["retry-after"] for answer in answers)
    assert "sqlite" not in answers[0].text


def test_only_health_and_the_public_keys_answer_without_a_credential(plane: Plane) -> None:
    session = f"{SESSIONS}{NOBODY}/"
    calls = {
        ("POST", ACQUIRE): 400,  # it has no key in its body, which would be the credential
        ("PATCH", f"{session}heartbeat/"): 401,
        ("DELETE", session): 401,
        ("GET", session): 401,
        ("GET", "/api/v1/licenses/keys/"): 200,
        ("GET", "/.well-known/jwks.json"): 200,
        ("GET", "/health/"): 200,
        ("GET", "/health/live"): 200,
        ("GET", "/health/ready"): 200,
    }

    headers = {"content-type": "application/json"}
    answers = {call: plane.call(*call, headers=headers).status_code for call in calls}

    assert answers == calls
