"""Heartbeat, release and state over HTTP, of a whole session and of its instances."""

from datetime import timedelta

from foundation.clock import rfc3339
from tests.support.customer import Customer
from tests.support.plane import Plane, as_key

_LEASE = {
    "session_id",
    "lease_expires_at",
    "heartbeat_interval_seconds",
    "next_heartbeat_in_seconds",
}


def test_a_heartbeat_moves_the_lease_and_signs_nothing_before_half_the_tokens_life(
    plane: Plane, alice: Customer
) -> None:
    held = plane.acquire(alice, "laptop-7").json()
    plane.pass_time(seconds=120)

    answer = plane.heartbeat(held["session_id"], as_key(alice.key))

    assert answer.status_code == 200
    assert set(answer.json()) == _LEASE
    assert answer.json()["session_id"] == held["session_id"]
    assert answer.json()["lease_expires_at"] == rfc3339(plane.clock.now + timedelta(seconds=360))


def test_a_heartbeat_past_half_the_tokens_life_brings_a_fresh_one(
    plane: Plane, alice: Customer
) -> None:
    held = plane.acquire(alice, "laptop-7").json()
    plane.pass_time(seconds=180)

    body = plane.heartbeat(held["session_id"], as_key(alice.key)).json()

    assert set(body) == _LEASE | {"license_token", "delegation"}
    assert plane.claims(body, hardware_id="laptop-7").seq == 2


def test_a_nonce_brings_a_token_at_once_and_comes_back_signed(
    plane: Plane, alice: Customer
) -> None:
    held = plane.acquire(alice, "laptop-7").json()

    body = plane.heartbeat(held["session_id"], as_key(alice.key), nonce="n-1").json()

    assert plane.claims(body, nonce="n-1").session_id == held["session_id"]


def test_a_heartbeat_may_bring_its_credential_in_the_body(plane: Plane, alice: Customer) -> None:
    held = plane.acquire(alice, "laptop-7").json()

    assert plane.heartbeat(held["session_id"], license_key=alice.key).status_code == 200


def test_s5_release_is_204_without_a_body_and_idempotent(plane: Plane, alice: Customer) -> None:
    held = plane.acquire(alice, "laptop-7").json()

    answers = [plane.release(held["session_id"], as_key(alice.key)) for _ in range(3)]

    assert [(answer.status_code, answer.content) for answer in answers] == [(204, b"")] * 3
    assert "content-type" not in answers[0].headers
    assert plane.acquire(alice, "other").json()["seats"]["in_use"] == 1


def test_a_heartbeat_after_the_release_is_410_with_its_reason(
    plane: Plane, alice: Customer
) -> None:
    held = plane.acquire(alice, "laptop-7").json()
    plane.release(held["session_id"], as_key(alice.key))

    answer = plane.heartbeat(held["session_id"], as_key(alice.key))

    assert (answer.status_code, answer.json()["error"]) == (410, "lease_lost")
    assert answer.json()["reason"] == "released"


def test_s9_a_heartbeat_after_the_leases_end_is_410_and_the_seat_is_free(
    plane: Plane, alice: Customer
) -> None:
    held = plane.acquire(alice, "laptop-7").json()
    plane.pass_time(seconds=361)

    answer = plane.heartbeat(held["session_id"], as_key(alice.key))

    assert (answer.status_code, answer.json()["reason"]) == (410, "expired")
    assert plane.acquire(alice, "other").json()["seats"]["in_use"] == 1


def test_s5_a_seat_is_free_when_its_last_instance_has_gone(plane: Plane, alice: Customer) -> None:
    key = as_key(alice.key)
    first = plane.acquire(alice, "laptop-7", instance_id="editor").json()
    second = plane.acquire(alice, "laptop-7", instance_id="render").json()
    session = first["session_id"]
    assert second["session_id"] == session
    assert plane.state(session, key).json()["instances"] == ["editor", "render"]

    plane.release(session, key, instance="editor")

    assert plane.state(session, key).json()["instances"] == ["render"]
    assert plane.heartbeat(session, key, instance_id="render").status_code == 200
    assert plane.heartbeat(session, key, instance_id="editor").json()["reason"] == "released"
    plane.release(session, key, instance="render")
    assert plane.state(session, key).json()["state"] == "ended"


def test_s5_a_release_without_an_instance_ends_the_session_for_all(
    plane: Plane, alice: Customer
) -> None:
    key = as_key(alice.key)
    session = plane.acquire(alice, "laptop-7", instance_id="editor").json()["session_id"]
    plane.acquire(alice, "laptop-7", instance_id="render")

    plane.release(session, key)

    assert plane.heartbeat(session, key, instance_id="render").status_code == 410


def test_a_heartbeat_without_an_instance_renews_all_of_them(plane: Plane, alice: Customer) -> None:
    key = as_key(alice.key)
    session = plane.acquire(alice, "laptop-7", instance_id="editor").json()["session_id"]
    plane.acquire(alice, "laptop-7", instance_id="render")
    plane.pass_time(seconds=200)

    plane.heartbeat(session, key)
    plane.pass_time(seconds=200)

    assert plane.state(session, key).json()["instances"] == ["editor", "render"]


def test_the_state_of_a_session_while_it_lives_and_after(plane: Plane, alice: Customer) -> None:
    key = as_key(alice.key)
    began = rfc3339(plane.clock.now)
    held = plane.acquire(alice, "laptop-7").json()

    living = plane.state(held["session_id"], key)
    plane.pass_time(seconds=20)
    plane.release(held["session_id"], key)
    over = plane.state(held["session_id"], key).json()

    assert living.status_code == 200
    assert living.json() == {
        "session_id": held["session_id"],
        "license_id": str(alice.license.id),
        "tier": "pro",
        "state": "active",
        "started_at": began,
        "lease_expires_at": held["lease_expires_at"],
        "instances": [],
    }
    assert (over["state"], over["end_reason"]) == ("ended", "released")
    assert over["ended_at"] == rfc3339(plane.clock.now)
