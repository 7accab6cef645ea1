"""Many callers at once, over HTTP, in one process: races are provoked, not hoped for."""

from collections import Counter

import pytest

from tests.support.customer import Customer
from tests.support.plane import ACQUIRE, PATIENCE_SECONDS, SESSIONS, Plane, as_key

DEVICES = 40


@pytest.fixture
def alice(plane: Plane) -> Customer:
    return Customer("alice", seats=10, key_auth=True)


def acquire_at_once(plane: Plane, alice: Customer, devices: list[str]) -> list[tuple[int, str]]:
    """Send every acquire before the first is answered; return status and session or code."""
    common = {"license_key": alice.key, "proofs": ["license_token"]}
    asked = [
        plane.begin("POST", ACQUIRE, json={**common, "hardware_id": device}) for device in devices
    ]
    answers = [one.result(PATIENCE_SECONDS) for one in asked]
    bodies = [answer.json() for answer in answers]
    return [
        (answer.status_code, body.get("session_id") or body["error"])
        for answer, body in zip(answers, bodies, strict=True)
    ]


def test_s1_forty_devices_at_once_fill_ten_seats_and_no_more(plane: Plane, alice: Customer) -> None:
    answers = acquire_at_once(plane, alice, [f"device-{number}" for number in range(DEVICES)])

    assert Counter(status for status, _ in answers) == {201: 10, 409: DEVICES - 10}
    assert len({session for status, session in answers if status == 201}) == 10
    held = [row for row in plane.ledger()["seat"] if row[3] is not None]
    assert len(held) == 10


def test_s4_one_device_that_asks_forty_times_at_once_gets_one_seat(
    plane: Plane, alice: Customer
) -> None:
    answers = acquire_at_once(plane, alice, ["laptop"] * DEVICES)

    assert Counter(status for status, _ in answers) == {201: 1, 200: DEVICES - 1}
    assert len({session for _, session in answers}) == 1


def test_s5_a_session_released_forty_times_at_once_is_released_once(
    plane: Plane, alice: Customer
) -> None:
    session = plane.acquire(alice, "laptop").json()["session_id"]
    path = f"{SESSIONS}{session}/"

    asked = [plane.begin("DELETE", path, headers=as_key(alice.key)) for _ in range(DEVICES)]

    assert {one.result(PATIENCE_SECONDS).status_code for one in asked} == {204}
    actions = Counter(value for row in plane.ledger()["audit_event"] for value in row)
    assert (actions["seat.granted"], actions["seat.released"]) == (1, 1)


def test_one_bad_call_among_many_fails_alone(plane: Plane, alice: Customer) -> None:
    good = {"license_key": alice.key, "hardware_id": "laptop", "proofs": ["license_token"]}
    unknown = {**good, "license_key": "no-such-key"}

    asked = [plane.begin("POST", ACQUIRE, json=body) for body in [good, unknown, good, {}] * 5]
    statuses = Counter(one.result(PATIENCE_SECONDS).status_code for one in asked)

    assert statuses == {201: 1, 200: 9, 401: 5, 400: 5}


def test_s17_a_slow_root_keeps_nobody_else_waiting(plane: Plane, alice: Customer) -> None:
    asked, go_on = plane.root.stand_still()
    body = {"license_key": alice.key, "hardware_id": "seed-era-client"}

    slow = plane.begin("POST", ACQUIRE, json=body)
    assert asked.wait(PATIENCE_SECONDS)
    quick = acquire_at_once(plane, alice, ["laptop"])
    was_waiting = not slow.done()
    go_on.set()

    assert quick[0][0] == 201
    assert was_waiting
    assert slow.result(PATIENCE_SECONDS).status_code == 201
