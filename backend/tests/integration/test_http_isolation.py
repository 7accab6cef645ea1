"""What one tenant learns of another's: nothing (S11)."""

import json

from tests.support.customer import Customer
from tests.support.plane import ACQUIRE, NOBODY, Plane, as_key, problem, without_request_id

_SOME_KEY = "CDT1-00000-00000-00000-00000-00000-00000"


def test_s11_an_unknown_key_and_another_tenants_key_get_the_same_404(
    plane: Plane, alice: Customer, charlie: Customer
) -> None:
    person = plane.as_user(charlie)
    keys = (alice.key, _SOME_KEY, "no key of anybody", "~" * 256)
    before = plane.ledger()

    answers = [
        plane.call(
            "POST", ACQUIRE, json={"license_key": key, "hardware_id": "laptop"}, headers=person
        )
        for key in keys
    ]

    assert [problem(answer) for answer in answers] == [(404, "not_found")] * 4
    assert len({json.dumps(without_request_id(answer)) for answer in answers}) == 1
    assert len({tuple(answer.headers) for answer in answers}) == 1
    assert plane.ledger() == before


def test_s11_another_tenants_session_looks_like_one_that_never_was(
    plane: Plane, alice: Customer, charlie: Customer
) -> None:
    session = plane.acquire(alice, "laptop").json()["session_id"]
    person = plane.as_user(charlie)
    before = plane.ledger()

    for call in (plane.heartbeat, plane.release, plane.state):
        theirs, nobodys = call(session, person), call(NOBODY, person)
        assert problem(theirs) == problem(nobodys) == (404, "not_found")
        assert without_request_id(theirs) == without_request_id(nobodys)
    assert plane.ledger() == before


def test_s11_a_key_reaches_no_other_license_of_its_own_tenant(
    plane: Plane, alice: Customer
) -> None:
    other = Customer("alice-two", seats=1, key_auth=True, tenant=alice.tenant)
    session = plane.acquire(alice, "laptop").json()["session_id"]
    before = plane.ledger()

    for call in (plane.heartbeat, plane.release, plane.state):
        assert problem(call(session, as_key(other.key))) == (404, "not_found")
    assert plane.ledger() == before


def test_s5_a_session_that_another_tenant_released_long_ago_stays_unknown_to_it(
    plane: Plane, alice: Customer, charlie: Customer
) -> None:
    session = plane.acquire(alice, "laptop").json()["session_id"]
    plane.release(session, as_key(alice.key))

    assert problem(plane.release(session, plane.as_user(charlie))) == (404, "not_found")
    assert plane.release(session, as_key(alice.key)).status_code == 204
