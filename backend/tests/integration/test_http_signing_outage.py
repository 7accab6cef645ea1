"""What callers get while nobody can sign (S16): never anything unsigned, never a lost seat."""

from pathlib import Path

import httpx
import pytest

from tests.support.customer import Customer
from tests.support.plane import PATIENCE_SECONDS, SESSIONS, Plane, as_key, problem

_A_DAY = 86_400


@pytest.fixture
def alice(plane: Plane) -> Customer:
    return Customer("alice", seats=1, key_auth=True)


def assert_nothing_unsigned(answer: httpx.Response) -> None:
    """S16: a problem that says when to come back, and no part of a document."""
    assert problem(answer) == (503, "signing_unavailable")
    assert int(answer.headers["retry-after"]) == answer.json()["retry_after_seconds"] >= 1
    for word in ("license_data", "license_token", "delegation", "session_id", "secret detail"):
        assert word not in answer.text


@pytest.mark.parametrize(
    "asked", [{}, {"proofs": ["license_data"]}, {"proofs": ["license_token", "license_data"]}]
)
def test_s16_with_the_root_away_license_data_is_503_and_the_seat_is_handed_back(
    plane: Plane, alice: Customer, asked: dict[str, list[str]]
) -> None:
    plane.root.away = True

    answer = plane.acquire(alice, "laptop", None, **asked)

    assert_nothing_unsigned(answer)
    assert answer.json()["retry_after_seconds"] == 7
    other = plane.acquire(alice, "another-device", proofs=["license_token"])
    assert other.status_code == 201
    assert other.json()["seats"] == {"total": 1, "in_use": 1}


def test_s16_with_the_root_away_callers_of_license_token_go_on(
    plane: Plane, alice: Customer
) -> None:
    plane.root.away = True
    key = as_key(alice.key)

    taken = plane.acquire(alice, "laptop", proofs=["license_token"])
    plane.pass_time(seconds=180)
    renewed = plane.heartbeat(taken.json()["session_id"], key)

    assert taken.status_code == 201
    assert renewed.status_code == 200
    assert "license_token" in renewed.json()
    assert plane.release(taken.json()["session_id"], key).status_code == 204


def test_s16_a_holder_who_asks_again_during_the_outage_keeps_its_seat(
    plane: Plane, alice: Customer
) -> None:
    held = plane.acquire(alice, "laptop").json()
    plane.root.away = True

    assert_nothing_unsigned(plane.acquire(alice, "laptop"))
    plane.root.away = False

    assert plane.heartbeat(held["session_id"], as_key(alice.key)).status_code == 200
    again = plane.acquire(alice, "laptop")
    assert (again.status_code, again.json()["session_id"]) == (200, held["session_id"])


def test_s16_without_a_delegation_acquire_is_503_and_takes_no_seat(
    plane: Plane, alice: Customer
) -> None:
    plane.root.away = True
    plane.clock.advance(_A_DAY)
    before = plane.ledger()

    answer = plane.acquire(alice, "laptop", proofs=["license_token"])

    assert_nothing_unsigned(answer)
    assert plane.ledger() == before


def test_s16_a_heartbeat_without_a_delegation_is_503_and_its_token_comes_later(
    db: Path, tmp_path: Path
) -> None:
    """A renewal that cannot be proven must not count as signed: its holder would wait in vain."""
    with Plane(db, tmp_path, delegation_seconds=600) as plane:
        alice = Customer("alice", seats=1, key_auth=True)
        plane.pass_time(seconds=400)
        session = plane.acquire(alice, "laptop").json()["session_id"]
        plane.root.away = True
        plane.pass_time(seconds=190)

        refused = plane.heartbeat(session, as_key(alice.key))
        plane.root.away = False
        plane.run(plane.seals.renew_if_due())
        served = plane.heartbeat(session, as_key(alice.key))

        assert_nothing_unsigned(refused)
        assert served.status_code == 200
        assert "license_token" in served.json()


def test_s16_direct_signing_off_is_503_for_license_data_alone(db: Path, tmp_path: Path) -> None:
    with Plane(db, tmp_path, direct_signing=False) as plane:
        alice = Customer("alice", seats=1, key_auth=True)

        assert_nothing_unsigned(plane.acquire(alice, "laptop"))
        assert plane.acquire(alice, "other", proofs=["license_token"]).status_code == 201


def test_the_process_is_ready_as_long_as_its_delegation_lives(
    plane: Plane, alice: Customer
) -> None:
    plane.root.away = True
    assert plane.call("GET", "/health/ready").status_code == 200

    plane.clock.advance(_A_DAY)

    assert plane.call("GET", "/health/ready").status_code == 503
    assert plane.call("GET", "/health/live").status_code == 200


def test_the_key_set_is_503_while_it_cannot_be_signed(plane: Plane) -> None:
    plane.root.away = True

    assert problem(plane.call("GET", "/api/v1/licenses/keys/")) == (503, "signing_unavailable")
    assert plane.call("GET", "/.well-known/jwks.json").status_code == 200


def test_s2_a_seat_handed_back_is_not_taken_from_a_program_that_joined_it(
    plane: Plane, alice: Customer
) -> None:
    """Two programs start on one device while the root fails for the first of them."""
    key = as_key(alice.key)
    asked, answer_now = plane.root.stand_still()
    plane.root.away = True
    body = {"license_key": alice.key, "hardware_id": "laptop"}

    first = plane.begin("POST", "/api/v1/licenses/acquire/", json=body)
    assert asked.wait(PATIENCE_SECONDS)
    joined = plane.acquire(alice, "laptop", proofs=["license_token"])
    answer_now.set()

    assert_nothing_unsigned(first.result(PATIENCE_SECONDS))
    assert joined.status_code == 200
    session = joined.json()["session_id"]
    assert plane.call("PATCH", f"{SESSIONS}{session}/heartbeat/", headers=key).status_code == 200


def test_s2_a_lease_longer_than_a_token_may_live_gets_its_next_token_in_time(
    plane: Plane,
) -> None:
    """A token lives 12 h at most; its holder comes after 8 h, and then only after 16 h again."""
    long = Customer(
        "long", seats=1, key_auth=True, ttl_seconds=86_400, heartbeat_interval_seconds=28_800
    )
    session = plane.acquire(long, "laptop").json()["session_id"]
    plane.clock.advance(28_800)

    body = plane.heartbeat(session, as_key(long.key)).json()

    assert "license_token" in body
