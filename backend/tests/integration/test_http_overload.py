"""Overload as a caller meets it: 503 before anything is read, in the contract's order."""

from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import httpx
import pytest

from leasing.http.overload import FULL_LATENESS_SECONDS, Kind
from tests.support.customer import Customer
from tests.support.plane import ACQUIRE, SESSIONS, Plane, as_key, problem
from tests.support.waiting import until

OVERLOADED = (503, "overloaded")


@pytest.fixture
def session(plane: Plane, alice: Customer) -> Iterator[str]:
    """A seat that is held while the process fills up, and can be let go of afterwards."""
    held: str = plane.acquire(alice, "laptop", proofs=["license_token"]).json()["session_id"]
    yield held
    fill(plane, 0.0)
    assert plane.release(held, as_key(alice.key)).status_code == 204


def fill(plane: Plane, fullness: float) -> None:
    """Let the event loop be late for a while, by which a process is so full."""
    for _ in range(3):
        plane.clock.advance(1)
        plane.overload.note(fullness * FULL_LATENESS_SECONDS)


def begun(plane: Plane, customer: Customer, device: str) -> "Future[httpx.Response]":
    """Begin an acquire with both proofs."""
    return plane.begin("POST", ACQUIRE, json={"license_key": customer.key, "hardware_id": device})


def calls(plane: Plane, customer: Customer, session: str) -> dict[str, httpx.Response]:
    """Make one call of each kind, the releases of a session nobody has."""
    nobody = session[:-1] + ("0" if session[-1] != "0" else "1")
    return {
        "keys": plane.call("GET", "/api/v1/licenses/keys"),
        "live": plane.call("GET", "/health/live"),
        "ready": plane.call("GET", "/health/ready"),
        "renew": plane.heartbeat(session, as_key(customer.key)),
        "release": plane.release(nobody, as_key(customer.key)),
        "acquire": plane.acquire(customer, "laptop", proofs=["license_token"]),
        "read": plane.state(session, as_key(customer.key)),
    }


@pytest.mark.parametrize(
    ("fullness", "shed"),
    [
        (Kind.CONTROL.value, []),
        (Kind.READ.value, ["read"]),
        (Kind.ACQUIRE.value, ["acquire", "read"]),
        (Kind.RELEASE.value, ["release", "acquire", "read"]),
        (Kind.RENEW.value, ["renew", "release", "acquire", "read"]),
    ],
)
def test_s17_heartbeats_are_turned_away_last_and_probes_and_keys_never(
    plane: Plane, alice: Customer, session: str, fullness: float, shed: list[str]
) -> None:
    fill(plane, fullness)

    answers = calls(plane, alice, session)

    turned_away = [name for name, answer in answers.items() if answer.status_code == 503]
    assert turned_away == shed
    assert {problem(answers[name]) for name in shed} <= {OVERLOADED}
    assert all(int(answers[name].headers["retry-after"]) >= 1 for name in shed)


def test_s17_what_is_turned_away_is_not_read_and_takes_nothing(
    plane: Plane, alice: Customer, session: str
) -> None:
    fill(plane, Kind.ACQUIRE.value)
    before = plane.ledger()

    malformed = plane.call("POST", ACQUIRE, content=b"{", headers={"authorization": "License x"})
    unknown = plane.call("GET", f"{SESSIONS}{session}/", headers={"authorization": "nonsense"})

    assert (problem(malformed), problem(unknown)) == (OVERLOADED, OVERLOADED)
    assert plane.ledger() == before


def test_s17_when_root_signatures_stand_in_line_no_seat_is_taken_for_one_more(
    db: Path, tmp_path: Path
) -> None:
    with Plane(db, tmp_path, most_root_wait_seconds=0.1) as plane:
        alice = Customer("alice", seats=9, key_auth=True)
        _, go_on = plane.root.stand_still()
        waiting = [begun(plane, alice, f"device-{number}") for number in range(6)]
        until(lambda: plane.seals.root_waits_seconds() > 0.1, seconds=20)
        before = plane.ledger()

        refused = plane.acquire(alice, "laptop")

        assert problem(refused) == (503, "signing_unavailable")
        assert plane.ledger() == before
        assert plane.acquire(alice, "laptop", proofs=["license_token"]).status_code == 201
        go_on.set()
        assert [one.result(20).status_code for one in waiting] == [201] * 6
