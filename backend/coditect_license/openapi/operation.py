"""One call of the API as a value, and how OpenAPI 3.1 writes it."""

from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from coditect_license.openapi.problem_responses import problem_responses
from coditect_license.openapi.references import in_components

Method = Literal["get", "post", "patch", "delete"]
Security = list[dict[str, list[str]]]

NO_CREDENTIAL: Final[Security] = []
IN_HEADER: Final[Security] = [{"bearer": []}, {"licenseKey": []}]
IN_HEADER_OR_BODY: Final[Security] = [*IN_HEADER, {}]

_REQUEST_ID: Final = {"X-Request-ID": in_components("headers", "RequestId")}


class Body(Struct, frozen=True):
    """What a request may carry: the type it is read as, and an example that can be pasted."""

    kind: type[Struct]
    example: dict[str, Any]
    is_required: bool


class Answer(Struct, frozen=True, kw_only=True):
    """One good answer. ``schema`` names a component; None says that there is no body."""

    status: int
    description: str
    schema: str | None = None
    example: Any = None
    media_types: tuple[str, ...] = ("application/json",)
    links: tuple[str, ...] = ()


class Operation(Struct, frozen=True, kw_only=True):
    """One call: address, credential, what goes in, and everything that can come out."""

    method: Method
    path: str
    operation_id: str
    tag: str
    summary: str
    description: str
    security: Security
    answers: tuple[Answer, ...]
    problems: tuple[type[Exception], ...] = ()
    parameters: tuple[str, ...] = ()
    body: Body | None = None


def describe(operation: Operation) -> dict[str, Any]:
    """Return an operation object (OpenAPI 3.1, section 4.8.10)."""
    described: dict[str, Any] = {
        "operationId": operation.operation_id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": operation.description,
        "security": operation.security,
    }
    if operation.parameters:
        described["parameters"] = [in_components("parameters", n) for n in operation.parameters]
    if operation.body is not None:
        described["requestBody"] = _request_body(operation.body)
    answers = {str(answer.status): _response(answer) for answer in operation.answers}
    described["responses"] = {**answers, **problem_responses(operation.problems)}
    return described


def _request_body(body: Body) -> dict[str, Any]:
    content = {
        "schema": in_components("schemas", body.kind.__name__),
        "example": body.example,
    }
    return {"required": body.is_required, "content": {"application/json": content}}


def _response(answer: Answer) -> dict[str, Any]:
    response: dict[str, Any] = {"description": answer.description, "headers": _REQUEST_ID}
    if answer.schema is not None:
        content: dict[str, Any] = {"schema": in_components("schemas", answer.schema)}
        if answer.example is not None:
            content["example"] = msgspec.to_builtins(answer.example)
        response["content"] = dict.fromkeys(answer.media_types, content)
    if answer.links:
        response["links"] = {name: in_components("links", name) for name in answer.links}
    return response
