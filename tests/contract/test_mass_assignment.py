"""What a caller may not set cannot be set: every field that answers have and bodies have not."""

from typing import Any, Final
from uuid import uuid4

import httpx
from support.api_document import Described
from support.town import Neighbour

TEMPTING: Final = {
    "id": str(uuid4()),
    "tenant_id": str(uuid4()),
    "tenant": str(uuid4()),
    "pk": [1, 2],
    "is_staff": True,
    "role": "owner",
    "principal": "user:somebody",
    "status": "active",
    "gen": 7,
    "created_at": "2020-01-01T00:00:00.000000+00:00",
}
"""Names that a careless serializer would take, whatever the document says."""


def sneaked(call: Described, answers: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the fields to smuggle in: of every answer about such a thing, and tempting ones."""
    shown = {**call.answer, **answers.get(call.operation["tags"][0], {})}
    found = {**dict.fromkeys(shown, "smuggled"), **TEMPTING}
    return {name: value for name, value in found.items() if name not in call.body}


def send(alice: Neighbour, call: Described, body: object) -> httpx.Response:
    who = "staff" if call.operation["tags"] == ["tenants"] else "owner"
    return alice.send(
        call.method,
        call.address(alice.things),
        body=body,
        who=who,
        headers={"if-match": "*"},
    )


def test_no_write_takes_a_field_that_is_not_the_callers_to_set(
    neighbours: tuple[Neighbour, Neighbour], operations: list[Described]
) -> None:
    alice, _ = neighbours
    answers: dict[str, dict[str, Any]] = {}
    for call in operations:
        answers.setdefault(call.operation["tags"][0], {}).update(call.answer)
    smuggled = 0

    for call in operations:
        if call.example is None:
            continue
        for name, value in sneaked(call, answers).items():
            smuggled += 1
            answer = send(alice, call, {**call.example, name: value})
            assert answer.status_code == 400, (call.name, name, answer.text)
            (error,) = answer.json()["errors"]
            assert (error["field"], error["code"]) == (name, "unknown_field"), call.name

    assert smuggled > 200
