"""Limits as a caller meets them: its own quota, told exactly, and never at a lease's expense."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from leasing.http.admission import Quotas
from tests.support.customer import Customer
from tests.support.plane import Plane, as_key, problem

USUAL = Quotas()
LIMITED = (429, "rate_limited")


@pytest.fixture
def plane(db: Path, tmp_path: Path) -> Iterator[Plane]:
    with Plane(db, tmp_path, quotas=USUAL) as running:
        yield running


@pytest.fixture
def alice(plane: Plane) -> Customer:
    return Customer("alice", seats=2, key_auth=True)


def acquire(plane: Plane, customer: Customer, device: str = "laptop") -> httpx.Response:
    return plane.acquire(customer, device, proofs=["license_token"])


def statuses(calls: int, call: Callable[[], httpx.Response]) -> Counter[int]:
    """Make some calls and count how they were answered."""
    return Counter(call().status_code for _ in range(calls))


def test_a_license_takes_600_acquires_a_minute_and_says_so(plane: Plane, alice: Customer) -> None:
    answers = statuses(600, lambda: acquire(plane, alice))
    refused = acquire(plane, alice)

    assert answers == {201: 1, 200: 599}
    assert problem(refused) == LIMITED
    assert refused.headers["ratelimit-policy"] == '"license";q=600;w=60'
    assert refused.headers["ratelimit"] == '"license";r=0;t=1'
    assert refused.headers["retry-after"] == "1"
    assert refused.json()["retry_after_seconds"] == 1


def test_who_waits_as_told_is_taken_again(plane: Plane, alice: Customer) -> None:
    statuses(600, lambda: acquire(plane, alice))
    refused = acquire(plane, alice)

    plane.clock.advance(int(refused.headers["retry-after"]))

    assert acquire(plane, alice).status_code == 200


def test_a_large_license_takes_60_a_minute_for_each_seat(db: Path, tmp_path: Path) -> None:
    with Plane(db, tmp_path, quotas=Quotas(per_license=10)) as plane:
        large = Customer("large", seats=2, key_auth=True)

        answers = statuses(121, lambda: acquire(plane, large))

    assert answers == {201: 1, 200: 119, 429: 1}


def test_s11_the_storm_of_one_license_is_not_felt_by_another(plane: Plane, alice: Customer) -> None:
    bob = Customer("bob", seats=2, key_auth=True)
    statuses(601, lambda: acquire(plane, alice))

    assert acquire(plane, bob).status_code == 201


def test_s11_nobody_uses_up_the_quota_of_a_license_of_another_tenant(
    plane: Plane, alice: Customer
) -> None:
    bob = Customer("bob", seats=2)
    as_bob = plane.as_user(bob)

    answers = statuses(601, lambda: plane.acquire(alice, "laptop", as_bob))

    assert answers == {404: 600, 429: 1}
    assert acquire(plane, alice).status_code == 201


@pytest.mark.parametrize("verb", ["heartbeat", "release", "state"])
def test_s11_nobody_uses_up_the_quota_of_a_session_of_another_tenant(
    plane: Plane, alice: Customer, verb: str
) -> None:
    session = acquire(plane, alice).json()["session_id"]
    bob = Customer("bob", seats=2, key_auth=True)
    call = getattr(plane, verb)

    answers = statuses(121, lambda: call(session, as_key(bob.key)))

    assert answers == {404: 120, 429: 1}
    assert call(session, as_key(alice.key)).status_code in {200, 204}


def test_s2_a_storm_of_acquires_holds_up_no_heartbeat_and_no_release(
    plane: Plane, alice: Customer
) -> None:
    session = acquire(plane, alice).json()["session_id"]
    assert statuses(700, lambda: acquire(plane, alice))[429]

    assert plane.heartbeat(session, as_key(alice.key)).status_code == 200
    assert plane.release(session, as_key(alice.key)).status_code == 204


def test_s2_a_heartbeat_that_is_refused_leaves_the_lease_as_it_is(
    plane: Plane, alice: Customer
) -> None:
    session = acquire(plane, alice).json()["session_id"]
    key = as_key(alice.key)

    answers = statuses(121, lambda: plane.heartbeat(session, key))
    before = plane.ledger()
    refused = plane.heartbeat(session, key)

    assert answers == {200: 120, 429: 1}
    assert problem(refused) == LIMITED
    assert refused.headers["ratelimit-policy"] == '"session";q=120;w=60'
    assert plane.ledger() == before
    plane.clock.advance(1)
    assert plane.heartbeat(session, key).status_code == 200


def test_s2_a_session_that_beats_too_often_holds_up_no_other(plane: Plane, alice: Customer) -> None:
    busy, calm = (acquire(plane, alice, device).json()["session_id"] for device in ("one", "two"))
    key = as_key(alice.key)
    assert statuses(150, lambda: plane.heartbeat(busy, key))[429]

    assert plane.heartbeat(calm, key).status_code == 200
    assert plane.release(busy, key).status_code == 204


def test_s17_sessions_that_do_not_exist_are_soon_forgotten(plane: Plane, alice: Customer) -> None:
    key = as_key(alice.key)
    for number in range(1_100):
        plane.heartbeat(f"00000000-0000-4000-8000-{number:012}", key)
        plane.clock.advance(1)

    assert len(plane.admission._sessions) <= 1_024


def test_a_tenants_quota_keeps_a_fifth_for_heartbeats(db: Path, tmp_path: Path) -> None:
    with Plane(db, tmp_path, quotas=Quotas(per_tenant=10)) as plane:
        alice = Customer("alice", seats=2, key_auth=True)
        other = Customer("another", seats=2, key_auth=True, tenant=alice.tenant)
        session = acquire(plane, alice).json()["session_id"]
        as_alice = plane.as_user(alice)
        statuses(6, lambda: acquire(plane, alice))
        statuses(2, lambda: plane.acquire(other, "laptop", as_alice))

        refused = acquire(plane, alice)
        read = plane.state(session, as_alice)
        beats = statuses(3, lambda: plane.heartbeat(session, as_alice))
        released = plane.release(session, as_alice)

    assert problem(refused) == LIMITED
    assert refused.headers["ratelimit-policy"] == '"tenant";q=10;w=60'
    assert read.status_code == 429
    assert beats == {200: 2, 429: 1}
    assert released.status_code == 204


def test_the_quota_of_a_license_that_grew_fills_up_faster(db: Path, tmp_path: Path) -> None:
    with Plane(db, tmp_path, quotas=Quotas(per_license=60)) as plane:
        grown = Customer("grown", seats=1, key_auth=True)
        statuses(60, lambda: acquire(plane, grown))
        grown.resize(seats=10)
        plane.clock.advance(1)
        assert statuses(2, lambda: acquire(plane, grown)) == {200: 1, 429: 1}

        plane.clock.advance(1)

        assert statuses(20, lambda: acquire(plane, grown)) == {200: 10, 429: 10}
