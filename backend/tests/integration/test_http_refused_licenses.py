"""Licenses that give no right now, and keys that are not theirs any more."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.support.customer import Customer
from tests.support.plane import Plane, as_key, problem


def _suspend(customer: Customer, _: Plane) -> None:
    customer.suspend()


def _revoke(customer: Customer, _: Plane) -> None:
    customer.revoke()


def _expire(customer: Customer, plane: Plane) -> None:
    customer.move_expiry(plane.clock.now - timedelta(seconds=1))


_REFUSALS = [
    (_suspend, "license_suspended"),
    (_revoke, "license_revoked"),
    (_expire, "license_expired"),
]


@pytest.mark.parametrize(("refuse", "code"), _REFUSALS)
def test_a_license_that_gives_no_right_grants_and_renews_nothing(
    plane: Plane, alice: Customer, refuse: Callable[[Customer, Plane], None], code: str
) -> None:
    held = plane.acquire(alice, "laptop").json()
    key = as_key(alice.key)
    plane.pass_time(seconds=20)
    refuse(alice, plane)

    assert problem(plane.acquire(alice, "other")) == (403, code)
    assert problem(plane.acquire(alice, "laptop")) == (403, code)
    assert problem(plane.heartbeat(held["session_id"], key)) == (403, code)
    state = plane.state(held["session_id"], key).json()
    assert state["lease_expires_at"] == held["lease_expires_at"]
    assert state["state"] == "active"
    assert plane.release(held["session_id"], key).status_code == 204


def test_a_lease_that_was_not_renewed_frees_its_seat_at_its_end(
    plane: Plane, alice: Customer
) -> None:
    plane.acquire(alice, "laptop")
    alice.suspend()
    plane.pass_time(seconds=361)
    alice.reinstate()

    assert plane.acquire(alice, "other").json()["seats"] == {"total": 3, "in_use": 1}


def test_a_rotated_key_is_a_strangers_at_once(plane: Plane, alice: Customer) -> None:
    session = plane.acquire(alice, "laptop").json()["session_id"]
    old = alice.key

    alice.rotate_key()

    assert problem(plane.heartbeat(session, as_key(old))) == (401, "invalid_token")
    assert plane.heartbeat(session, as_key(alice.key)).status_code == 200


def test_a_person_at_the_personal_cap_is_told_so_with_the_number(
    plane: Plane, alice: Customer
) -> None:
    alice.cap_persons(1)
    person = plane.as_user(alice)
    assert plane.acquire(alice, "laptop", person).status_code == 201

    refused = plane.acquire(alice, "desktop", person)

    assert problem(refused) == (409, "personal_cap_reached")
    assert refused.json()["personal_cap"] == 1
    assert plane.acquire(alice, "desktop").status_code == 201  # by the key: nobody in person
    assert plane.acquire(alice, "laptop", person).status_code == 200
