"""The examples of the document work when they are pasted: each of them is, in a sensible order."""

from typing import Any, Final
from uuid import uuid4

import httpx
from jsonschema_rs import Draft202012Validator
from support.api_document import Described
from support.town import Neighbour

from tests.support.waiting import until

ORDER: Final = ("GET", "POST", "PATCH", "DELETE")
LAST: Final = (
    "download_license",
    "force_release_session",
    "disable_member",
    "suspend_tenant",
    "resume_tenant",
    "suspend_license",
    "reinstate_license",
    "rotate_license_key",
    "revoke_license",
)
"""After these calls others about the same thing mean something else."""


def in_order(operations: list[Described]) -> list[Described]:
    """Return the calls in an order in which each finds what it is about."""

    def place(call: Described) -> tuple[int, ...]:
        is_last = call.name in LAST
        deepest_first = -call.path.count("/") if call.method == "DELETE" else 0
        late = LAST.index(call.name) if is_last else 0
        return (call.method == "DELETE", is_last, late, ORDER.index(call.method), deepest_first)

    return sorted(operations, key=place)


def paste(alice: Neighbour, bob: Neighbour, call: Described) -> httpx.Response:
    """Send an example as it stands, but for what only the caller knows: ids and license keys."""
    is_about_tenants = call.operation["tags"] == ["tenants"]
    things = {
        **alice.things,
        **({"tenant_id": bob.things["tenant_id"]} if is_about_tenants else {}),
    }
    if (
        call.name == "revoke_license"
    ):  # for good: neither its key nor its seats are looked for again
        things["license_id"] = things["revoked_id"]
    body = call.example
    if isinstance(body, dict):
        body = {name: things.get(name, value) for name, value in body.items()}
    who = "staff" if is_about_tenants else "owner"
    headers = {"if-match": "*"} if call.needs_match else {}
    if call.status == 201:
        headers["idempotency-key"] = str(uuid4())
    return alice.send(call.method, call.address(things), body=body, who=who, headers=headers)


def test_each_example_is_answered_as_the_document_says(
    neighbours: tuple[Neighbour, Neighbour], operations: list[Described]
) -> None:
    alice, bob = neighbours
    free_a_place_for_a_token(alice)
    wait_for_a_checkpoint(alice)

    for call in in_order(operations):
        answer = paste(alice, bob, call)

        assert answer.status_code in good_statuses(call), (call.name, answer.text)
        assert_is_as_described(call, answer)


def wait_for_a_checkpoint(alice: Neighbour) -> None:
    """A server signs its first checkpoint some seconds after its start."""
    until(
        lambda: alice.send("GET", "/api/v1/audit/checkpoint/").status_code == 200,
        seconds=120,
        failure="no checkpoint was signed",
    )


def free_a_place_for_a_token(alice: Neighbour) -> None:
    """The service account's own token stays one of the two that may count."""
    tokens = f"/api/v1/service-accounts/{alice.things['account_id']}/tokens/"
    assert len(alice.send("GET", tokens).json()["results"]) == 1


def good_statuses(call: Described) -> set[int]:
    return {int(status) for status in call.operation["responses"] if status < "300"}


def assert_is_as_described(call: Described, answer: httpx.Response) -> None:
    response = call.operation["responses"][str(answer.status_code)]
    kind = answer.headers.get("content-type", "").split(";")[0]
    content: dict[str, Any] = response.get("content", {})
    assert (kind in content) if content else not answer.content, call.name
    if kind == "application/json":
        schema = {**content[kind]["schema"], "components": call.document["components"]}
        Draft202012Validator(schema).validate(answer.json())
