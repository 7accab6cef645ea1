"""What the log says of a request, and what it must never say."""

import json
import logging
from typing import Any

import pytest

from tests.support.customer import Customer
from tests.support.plane import ACQUIRE, NOBODY, SESSIONS, Plane, as_key

_CANARY = "canary-7f3a"


def lines(plane: Plane) -> list[dict[str, Any]]:
    """Return the request log, each line of which must be one JSON object."""
    return [json.loads(line) for line in plane.log_text().split("\n") if line]


def test_each_request_is_one_line_that_names_it(plane: Plane, alice: Customer) -> None:
    answer = plane.acquire(alice, "laptop")

    (line,) = lines(plane)
    assert line["request_id"] == answer.headers["x-request-id"]
    asked = line["httpRequest"]
    assert (asked["requestMethod"], asked["requestUrl"], asked["status"]) == ("POST", ACQUIRE, 201)
    assert asked["latency"].endswith("s")
    assert float(asked["latency"][:-1]) > 0
    assert (line["severity"], line["message"], line["plane"]) == ("INFO", "request", "leasing")
    assert line["duration_ms"] > 0


def test_each_line_says_who_called_and_what_came_of_it(plane: Plane, alice: Customer) -> None:
    person, key = plane.as_user(alice), as_key(alice.key)
    session = plane.acquire(alice, "laptop").json()["session_id"]
    plane.acquire(alice, "laptop")
    plane.heartbeat(session, key)
    plane.heartbeat(session, person)
    plane.state(session, person)
    plane.heartbeat(NOBODY, key)
    plane.acquire(alice, "laptop", {"authorization": "Bearer no.such.token"})
    plane.call("POST", ACQUIRE, json={})
    plane.call("DELETE", "/health/")
    plane.release(session, person)

    shown = [
        (line["outcome"], line.get("principal_kind"), "tenant_id" in line) for line in lines(plane)
    ]
    assert shown == [
        ("granted", "license_key", True),
        ("held", "license_key", True),
        ("renewed", "license_key", True),
        ("renewed", "user", True),
        ("answered", "user", True),
        ("not_found", "license_key", True),
        ("invalid_token", None, False),
        ("invalid_request", None, False),
        ("method_not_allowed", None, False),
        ("released", "user", True),
    ]
    assert {line["tenant_id"] for line in lines(plane) if "tenant_id" in line} == {
        str(alice.tenant.id)
    }


def test_a_key_that_the_ledger_knew_is_named_by_its_tenant_also_when_refused(
    plane: Plane, alice: Customer, charlie: Customer
) -> None:
    unused = as_key(charlie.key)
    plane.heartbeat(NOBODY, unused)
    session = plane.acquire(alice, "laptop").json()["session_id"]
    plane.state(session, as_key(alice.key))
    plane.heartbeat(session, unused)
    plane.release(session, as_key(alice.key))
    plane.heartbeat(session, as_key(alice.key))

    refused, granted, shown, strange, released, lost = lines(plane)
    for line in (refused, strange):
        assert line["outcome"] == "missing_auth"  # his license takes no key as a credential
        assert "tenant_id" not in line
    for line in (granted, shown, released, lost):
        assert line["tenant_id"] == str(alice.tenant.id)
    assert lost["outcome"] != "renewed"


def test_a_line_belongs_to_the_trace_of_its_caller(plane: Plane) -> None:
    trace, span, name = "a1" * 16, "b2" * 8, "c3" * 8
    headers = {"traceparent": f"00-{trace}-{span}-01", "x-request-id": name}

    answer = plane.call("GET", "/health/", headers=headers)
    plane.call("GET", "/health/", headers={"traceparent": f"00-{trace}-{span}"})
    plane.call("GET", "/health/", headers=[("traceparent", f"00-{trace}-{span}-01")] * 2)

    named, *unnamed = lines(plane)
    assert answer.headers["x-request-id"] == named["request_id"] == name
    assert named["logging.googleapis.com/trace"] == trace
    assert named["logging.googleapis.com/spanId"] == span
    assert named["logging.googleapis.com/trace_sampled"] is True
    for line in unnamed:
        assert line["logging.googleapis.com/trace"] not in {trace, "0" * 32}
        assert "logging.googleapis.com/spanId" not in line
        assert line["logging.googleapis.com/trace_sampled"] is False


def test_request_ids_are_never_the_same(plane: Plane) -> None:
    ids = {plane.call("GET", "/health/").headers["x-request-id"] for _ in range(50)}

    assert len(ids) == 50


@pytest.mark.parametrize(
    "path",
    [
        "/health/%0A%7B%22severity%22:%22forged%22%7D",
        "/health/%00%1B%5B2J",
        "/health/%FF%FE",
        "/health/\u2028\u202e",
        "/health/%22%5C",
    ],
)
def test_unprintable_paths_do_not_break_out_of_their_line(plane: Plane, path: str) -> None:
    plane.call("GET", path)

    (line,) = lines(plane)
    assert line["httpRequest"]["status"] == 404
    raw = plane.log_text()
    assert raw.count("\n") == 1
    assert not {"\0", "\x1b", "\r"} & set(raw)


def test_a_very_long_path_makes_no_very_long_line(plane: Plane) -> None:
    plane.call("GET", "/health/" + "x" * 50_000)

    assert len(plane.log_text()) < 1_000


def test_no_secret_and_nothing_a_caller_said_is_ever_logged(
    plane: Plane, alice: Customer, caplog: pytest.LogCaptureFixture
) -> None:
    """Keys, tokens, bodies and queries pass through every kind of answer and leave no trace."""
    caplog.set_level(logging.DEBUG)
    person = plane.as_user(alice)
    token = person["authorization"].removeprefix("Bearer ")
    said = {"metadata": {"a": _CANARY}, "nonce": _CANARY, "instance_id": _CANARY}
    held = plane.acquire(alice, f"device-{_CANARY}", person, **said).json()
    session, key = held["session_id"], as_key(alice.key)

    plane.heartbeat(session, key, instance_id=_CANARY, license_token=held["license_token"])
    plane.heartbeat(NOBODY, key, license_token=held["license_token"])
    plane.release(session, key, instance=_CANARY)
    plane.state(session, {"authorization": f"Bearer {token[:-6]}{_CANARY}"})
    plane.state(session, {"authorization": f"{_CANARY} {_CANARY}"})
    plane.state(session, as_key(_CANARY))
    plane.call("POST", ACQUIRE, content=_CANARY, headers={"content-type": "application/json"})
    plane.call("POST", ACQUIRE, json={_CANARY: _CANARY})
    plane.call("DELETE", f"{SESSIONS}{session}/?{_CANARY}={_CANARY}", headers=key)
    plane.root.away = True
    plane.acquire(alice, _CANARY)

    ours = [one.getMessage() for one in caplog.records if not one.name.startswith("httpx")]
    everything = plane.log_text() + "\n".join(ours)
    secrets = [alice.key, alice.key[5:16], token, token.split(".")[1], token.split(".")[2]]
    documents = [held["license_token"], held["delegation"], held["license_data"]["signature"]]
    for secret in [_CANARY, *secrets, *documents]:
        assert secret not in everything
    assert len(lines(plane)) == 11


def test_a_failure_nobody_foresaw_is_500_without_its_text_and_logged_by_request_id(
    plane: Plane, alice: Customer, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise ZeroDivisionError(_CANARY)

    plane.root.before = fail

    answer = plane.acquire(alice, "laptop")

    assert (answer.status_code, answer.json()["error"]) == (500, "internal_error")
    assert _CANARY not in answer.text
    assert answer.headers["x-request-id"] in caplog.text
    assert lines(plane)[0]["severity"] == "ERROR"
