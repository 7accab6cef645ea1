"""Who tries many credentials waits for each answer; good ones from his address never do."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from time import monotonic

import httpx
import pytest

from leasing.http.failures import origin_of
from tenants.current import tenant_transaction
from tests.support.customer import Customer
from tests.support.plane import PATIENCE_SECONDS, Plane, as_key, problem

FREE = 20
AT_ONCE_SECONDS = 2  # who waits does so for three, and the machine may be busy
SESSION = "/api/v1/licenses/sessions/00000000-0000-4000-8000-000000000000/"


@pytest.fixture
def plane(db: Path, tmp_path: Path) -> Iterator[Plane]:
    with Plane(db, tmp_path, failures_per_minute=FREE, forwarded_hops=1) as running:
        yield running


@pytest.fixture
def alice(plane: Plane) -> Customer:
    return Customer("alice", seats=2, key_auth=True)


def guess(plane: Plane, address: str = "203.0.113.7") -> httpx.Response:
    return plane.call("GET", SESSION, headers={**as_key("no-such-key"), "x-forwarded-for": address})


def seconds_of(work: Callable[[], object]) -> float:
    began = monotonic()
    work()
    return monotonic() - began


def test_twenty_failures_a_minute_are_answered_at_once_and_the_next_waits(plane: Plane) -> None:
    quick = [seconds_of(lambda: guess(plane)) for _ in range(FREE)]
    slow = seconds_of(lambda: guess(plane))

    assert max(quick) < AT_ONCE_SECONDS
    assert slow > 2.5
    assert problem(guess(plane, "198.51.100.1")) == (401, "invalid_token")


def test_a_holder_behind_the_address_of_a_guesser_never_waits(
    plane: Plane, alice: Customer
) -> None:
    for _ in range(FREE):
        guess(plane)
    waiting = plane.begin(
        "GET", SESSION, headers={**as_key("no-such-key"), "x-forwarded-for": "203.0.113.7"}
    )
    beside = {"x-forwarded-for": "203.0.113.8"}

    took = plane.acquire(alice, "laptop", beside)
    session = took.json()["session_id"]
    beat = plane.heartbeat(session, {**as_key(alice.key), **beside})
    is_waiting = not waiting.done()

    assert (took.status_code, beat.status_code) == (201, 200)
    assert is_waiting
    assert waiting.result(PATIENCE_SECONDS).status_code == 401


def test_a_license_key_of_nobody_counts_as_a_guess(plane: Plane, alice: Customer) -> None:
    as_alice = plane.as_user(alice)
    body = {"license_key": "CDT1-NOBODYS", "hardware_id": "laptop"}

    def wrong_key() -> httpx.Response:
        return plane.call("POST", "/api/v1/licenses/acquire/", json=body, headers=as_alice)

    quick = [wrong_key().status_code for _ in range(FREE)]
    slow = seconds_of(wrong_key)

    assert quick == [404] * FREE
    assert slow > 2.5


def test_other_errors_are_no_guesses(plane: Plane, alice: Customer) -> None:
    unknown = [plane.state(SESSION.split("/")[-2], as_key(alice.key)) for _ in range(2 * FREE)]

    assert {problem(answer) for answer in unknown} == {(404, "not_found")}
    assert seconds_of(lambda: plane.call("GET", SESSION)) < AT_ONCE_SECONDS


def test_s17_no_more_answers_wait_than_the_bound(db: Path, tmp_path: Path) -> None:
    with Plane(db, tmp_path, failures_per_minute=1, most_held_back=2) as plane:
        headers = as_key("no-such-key")
        plane.call("GET", SESSION, headers=headers)

        waiting = [plane.begin("GET", SESSION, headers=headers) for _ in range(3)]
        done = plane.run(asyncio.wait_for(first_of(waiting), PATIENCE_SECONDS))

        assert done.status_code == 401
        assert sum(one.done() for one in waiting) == 1
        assert {one.result(PATIENCE_SECONDS).status_code for one in waiting} == {401}


async def first_of(waiting: list[Future[httpx.Response]]) -> httpx.Response:
    done, _ = await asyncio.wait(
        [asyncio.wrap_future(one) for one in waiting], return_when=asyncio.FIRST_COMPLETED
    )
    return done.pop().result()


@pytest.mark.parametrize(
    ("hops", "forwarded", "expected"),
    [
        (0, ["6.6.6.6"], "10.0.0.1"),
        (1, [], "10.0.0.1"),
        (1, ["203.0.113.7"], "203.0.113.7"),
        (1, ["6.6.6.6, 203.0.113.7"], "203.0.113.7"),
        (2, ["6.6.6.6, 203.0.113.7, 35.0.0.1"], "203.0.113.7"),
        (2, ["6.6.6.6", "203.0.113.7, 35.0.0.1"], "203.0.113.7"),
        (2, ["35.0.0.1"], "10.0.0.1"),
        (1, ["203.0.113.7, "], "10.0.0.1"),
    ],
)
def test_whoever_writes_a_header_cannot_choose_his_address(
    hops: int, forwarded: list[str], expected: str
) -> None:
    headers = [(b"x-forwarded-for", entry.encode()) for entry in forwarded]
    scope = {"client": ("10.0.0.1", 4711), "headers": headers}

    assert origin_of(scope, forwarded_hops=hops) == expected


def test_a_request_without_a_peer_has_an_origin_too() -> None:
    assert origin_of({"client": None, "headers": []}, forwarded_hops=0) == ""


def test_a_license_is_never_locked_by_who_guesses_at_it(plane: Plane, alice: Customer) -> None:
    """Not by near misses of its key, from any number of addresses, nor by keys beside it."""
    near = [f"{alice.key[:-1]}{letter}" for letter in "0123456789ABCDEFGHJKMNPQRSTVWXYZ"]
    for number in range(600):
        key, address = near[number % len(near)], f"198.51.{number % 250}.7"
        if key != alice.key:
            headers = {**as_key(key), "x-forwarded-for": address}
            assert problem(plane.call("GET", SESSION, headers=headers))[0] == 401
    beside = {"x-forwarded-for": "198.51.0.9"}

    granted = plane.acquire(alice, "laptop", beside)

    assert granted.status_code == 201
    with tenant_transaction(alice.tenant.id):
        alice.license.refresh_from_db()
    assert alice.license.status == "active"
    holder = {**as_key(alice.key), **beside}
    assert plane.heartbeat(granted.json()["session_id"], holder).status_code == 200
