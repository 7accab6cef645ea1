"""Four hundred honest calls: every operation of the API's document, as programs and pages do.

They are made from docs/api/openapi.yaml, so an operation that is added is called here too. The same
400 each time: a wrong refusal can be found again.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import islice
from typing import Any, Final
from urllib.parse import urlencode

import yaml
from deploy.traffic import honest_values
from deploy.traffic.calls import Call
from support.api_document import Described
from support.server import REPOSITORY

HOW_MANY: Final = 400
_DOCUMENT: Final = REPOSITORY / "docs/api/openapi.yaml"
_SEED: Final = 20_251_129
_METHODS: Final = ("get", "post", "put", "patch", "delete")
_HOT: Final = ("acquire", "heartbeat", "/sessions/{session_id}/", "validate")


@cache
def operations() -> tuple[Described, ...]:
    """Return every operation of the document, each with the parameters of its path."""
    document = yaml.load(_DOCUMENT.read_text(), Loader=yaml.CSafeLoader)
    return tuple(
        Described(method.upper(), path, _whole(here, here[method]), document)
        for path, here in document["paths"].items()
        for method in _METHODS
        if method in here
    )


@cache
def legitimate_calls() -> tuple[Call, ...]:
    """Return the 400 calls: each operation several times, the leasing calls more often."""
    return tuple(islice(_rounds(random.Random(_SEED)), HOW_MANY))


def calls_of(operation: str) -> list[Call]:
    """Return those of one operation, by its name in the document. Raises KeyError for none."""
    found = [call for call in legitimate_calls() if call.operation == operation]
    if not found:
        raise KeyError(operation)
    return found


def _rounds(dice: random.Random) -> Iterator[Call]:
    number = 0
    while True:
        for operation in operations():
            is_hot = any(word in operation.path for word in _HOT)
            for _ in range(2 if is_hot else 1):
                number += 1
                yield _call(operation, number, dice)


def _call(operation: Described, number: int, dice: random.Random) -> Call:
    call = Call(
        name=f"{number} {operation.name}",
        method=operation.method,
        target=_target(operation, dice),
        headers=_headers(operation, dice),
    )
    if "requestBody" not in operation.operation:
        return call
    body = json.dumps(_body(operation, dice), ensure_ascii=dice.random() < 0.5).encode()
    return replace(call, headers={**call.headers, "content-type": "application/json"}, body=body)


def _target(operation: Described, dice: random.Random) -> str:
    path = operation.path
    for name in operation.in_path:
        path = path.replace(f"{{{name}}}", honest_values.uuid(dice))
    asked = [name for name in operation.in_query if dice.random() < 0.6]
    query = {name: honest_values.of_query(name, operation.name, dice) for name in asked}
    return f"{path}?{urlencode(query)}" if query else path


def _headers(operation: Described, dice: random.Random) -> dict[str, str]:
    headers = {"user-agent": dice.choice(honest_values.AGENTS), **honest_values.travelling(dice)}
    if not operation.is_open:
        headers["authorization"] = honest_values.credential(dice)
    if operation.needs_match:
        headers["if-match"] = f'"{honest_values.text_of(dice, 22)}"'
    if operation.method == "POST" and dice.random() < 0.5:
        headers["idempotency-key"] = honest_values.uuid(dice)
    return headers


def _body(operation: Described, dice: random.Random) -> dict[str, Any]:
    """Return the document's own example, or one with other members that it may have."""
    example = operation.example if isinstance(operation.example, dict) else {}
    if dice.random() < 0.25:
        return example
    members = {
        name: honest_values.of_body(name, dice)
        for name in operation.body
        if name in honest_values.BODIES and (name in example or dice.random() < 0.7)
    }
    return {**example, **members}


def _whole(path: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any]:
    shared = path.get("parameters", [])
    return {**operation, "parameters": [*shared, *operation.get("parameters", [])]}
