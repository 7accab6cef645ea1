"""Another's id looks like one that never was, at every call and place the document knows (S11).

The requests are made from the document: a new call is asked the same without anybody thinking of
it, and a new kind of id fails here until the town knows how to make one.
"""

import json
import re
from collections.abc import Iterator
from functools import partial
from typing import Any
from uuid import uuid4

import httpx
import pytest
from support.api_document import Described
from support.slowness import are_told_apart, difference
from support.town import Neighbour

JSON = {"application/json", "application/problem+json"}
TIMES = {"request_id", "lease_expires_at", "next_heartbeat_in_seconds"}
PASSING = {"x-request-id", "date"}
MOVING = re.compile(r"/(usage|audit|tenants)/")
CALLERS = ("owner", "license_key", "service_account")
PLANTED_ITERATIONS = 100_000  # about five milliseconds

Place = tuple[str, str]


def seen(answer: httpx.Response) -> tuple[int, str, dict[str, str]]:
    """Return everything a caller sees that another's answer could differ in."""
    text = answer.text
    if answer.headers.get("content-type") in JSON:
        body = answer.json()
        if isinstance(body, dict):
            body = {name: value for name, value in body.items() if name not in TIMES}
        text = json.dumps(body, sort_keys=True)
    headers = {name: value for name, value in answer.headers.items() if name not in PASSING}
    return answer.status_code, text, headers


def nobodys(name: str) -> str:
    """Return an id of this kind that nobody has."""
    return "CDT1-00000-00000-00000-00000-00000-0000" if name == "license_key" else str(uuid4())


class Reach:
    """One call of Alice's with an id in one place, and her own in all others."""

    def __init__(self, alice: Neighbour, call: Described, place: Place, who: str) -> None:
        self._alice = alice
        self._call = call
        self._where, self._name = place
        self._who = who

    def __str__(self) -> str:
        return f"{self._who}: {self._call.method} {self._call.path} {self._where} {self._name}"

    def ask(self, id_: str) -> httpx.Response:
        things = dict(self._alice.things)
        if self._where == "path":
            things[self._name] = id_
        query = {self._name: id_} if self._where == "query" else {}
        return self._alice.send(
            self._call.method,
            self._call.address(things),
            params=query,
            body=self._body(id_),
            who=self._who,
            headers={"if-match": "*"},
        )

    def ask_nobodys(self) -> httpx.Response:
        """Ask with an id that nobody has."""
        return self.ask(nobodys(self._name))

    def _body(self, id_: str) -> Any:
        body = self._call.example
        if not isinstance(body, dict):
            return body
        own = {name: self._alice.things[name] for name in body if name in self._alice.things}
        return {**body, **own, **({self._name: id_} if self._where == "body" else {})}


def reaches(operations: list[Described], alice: Neighbour, who: str) -> Iterator[tuple[Reach, str]]:
    for call in operations:
        for place in call.ids():
            yield Reach(alice, call, place, who), place[1]


def state_of(neighbour: Neighbour, operations: list[Described]) -> list[Any]:
    """Return what a tenant can read of itself, without what goes on by itself."""
    reads = [
        neighbour.send("GET", call.address(neighbour.things), who="owner")
        for call in operations
        if call.method == "GET" and not call.is_open and not MOVING.search(call.path)
    ]
    return [(str(one.url), seen(one)) for one in reads]


def deeds_in(neighbour: Neighbour) -> list[str]:
    """Return who did anything in a tenant, as its audit has it."""
    page = neighbour.send("GET", "/api/v1/audit/events/?page_size=200").json()
    assert page["next"] is None
    return [event["principal"] for event in page["results"]]


@pytest.mark.parametrize("who", CALLERS)
def test_s11_anothers_id_is_answered_like_nobodys(
    neighbours: tuple[Neighbour, Neighbour], operations: list[Described], who: str
) -> None:
    alice, bob = neighbours
    before = state_of(bob, operations)
    asked = 0

    for reach, name in reaches(operations, alice, who):
        asked += 1
        assert seen(reach.ask(bob.things[name])) == seen(reach.ask_nobodys()), str(reach)

    assert asked > 25
    assert state_of(bob, operations) == before
    assert not [who for who in deeds_in(bob) if "alice" in who]


@pytest.mark.alone
def test_s11_anothers_id_takes_as_long_as_nobodys(
    neighbours: tuple[Neighbour, Neighbour], operations: list[Described]
) -> None:
    alice, bob = neighbours

    told_apart = [
        str(reach)
        for reach, name in reaches(operations, alice, "owner")
        if are_told_apart(partial(reach.ask, bob.things[name]), reach.ask_nobodys)
    ]

    assert told_apart == []


@pytest.mark.alone
def test_a_planted_slow_look_at_anothers_id_is_noticed(
    neighbours: tuple[Neighbour, Neighbour], operations: list[Described]
) -> None:
    alice, bob = neighbours
    (call,) = [one for one in operations if one.name == "read_product"]
    reach = Reach(alice, call, ("path", "product_id"), "owner")

    def slow() -> httpx.Response:
        sum(number * number for number in range(PLANTED_ITERATIONS))
        return reach.ask(bob.things["product_id"])

    assert are_told_apart(slow, reach.ask_nobodys)


def test_the_judge_of_times_knows_its_statistics() -> None:
    same = [float(n % 7) for n in range(70)]
    later = [value + 0.9 for value in same]

    assert difference(same, same) == pytest.approx(1.0)
    assert difference(same, later) == pytest.approx(difference(later, same))
    assert difference([1.0, 2.0, 4.0], [3.0, 5.0, 6.0, 7.0]) == pytest.approx(0.0771, abs=0.0005)
