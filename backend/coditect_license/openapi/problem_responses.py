"""Problems as the document shows them, made from the one table of ``coditect_license.problems``.

Status, code, title, sentence and headers are those that a caller gets: each example is a problem
rendered by the server's own code.
"""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from coditect_license.openapi.references import in_components
from coditect_license.problems import PROBLEMS, problem_of
from identity.errors import InvalidCredential, IssuerUnavailable, MissingTenant
from leasing.errors import (
    LeaseLost,
    LoanTooLong,
    Overloaded,
    PersonalCapReached,
    SeatBorrowed,
    SeatsExhausted,
)
from leasing.http.errors import BodyTooLarge, FieldError, InvalidRequest, MethodNotAllowed
from leasing.http.messages import PROBLEM_JSON, Response
from signing.errors import SigningUnavailable
from soft_state.errors import RateLimited

REQUEST_ID: Final = "8709ab8f382f1513"
_MEDIA_TYPE: Final = PROBLEM_JSON.decode()
_NEEDS_ARGUMENTS: Final[dict[type[Exception], Exception]] = {
    InvalidRequest: InvalidRequest(FieldError("hardware_id", "missing", "hardware_id is required")),
    InvalidCredential: InvalidCredential("an example"),
    MissingTenant: MissingTenant("an example"),
    IssuerUnavailable: IssuerUnavailable("an example", retry_after_seconds=30),
    MethodNotAllowed: MethodNotAllowed(("POST",)),
    SeatsExhausted: SeatsExhausted(total=10, in_use=10, retry_after_seconds=114),
    PersonalCapReached: PersonalCapReached(3),
    LoanTooLong: LoanTooLong(604_800),
    SeatBorrowed: SeatBorrowed(datetime(2026, 1, 5, 4, 35, 35, 407120, UTC)),
    LeaseLost: LeaseLost("expired"),
    SigningUnavailable: SigningUnavailable("an example", retry_after_seconds=5),
    Overloaded: Overloaded(2),
    RateLimited: RateLimited("license", per_minute=600, wait_seconds=0.1),
    BodyTooLarge: BodyTooLarge("an example"),
}
_HEADERS: Final = {
    "www-authenticate": ("WWW-Authenticate", "WwwAuthenticate"),
    "retry-after": ("Retry-After", "RetryAfter"),
    "ratelimit": ("RateLimit", "RateLimit"),
    "ratelimit-policy": ("RateLimit-Policy", "RateLimitPolicy"),
    "allow": ("Allow", "Allow"),
}


def rendered(kind: type[Exception]) -> Response:
    """Return the response that an error of this kind becomes. Raises KeyError without a row."""
    error = _NEEDS_ARGUMENTS.get(kind) or kind()
    response = problem_of(error, REQUEST_ID)
    if response is None:
        raise KeyError(kind)
    return response


def example_name(kind: type[Exception]) -> str:
    """Return the name under which the example of a kind of problem is kept."""
    return PROBLEMS[kind].title.lower().replace(" ", "_")


def problem_examples() -> dict[str, Any]:
    """Return every problem of the table as an example component."""
    return {
        example_name(kind): {"summary": row.title, "value": json.loads(rendered(kind).body)}
        for kind, row in PROBLEMS.items()
    }


def problem_responses(kinds: Iterable[type[Exception]]) -> dict[str, Any]:
    """Return the responses, by status, that some kinds of problem become."""
    by_status: dict[int, list[type[Exception]]] = {}
    for kind in dict.fromkeys(kinds):
        by_status.setdefault(PROBLEMS[kind].status, []).append(kind)
    return {str(status): _response(status, by_status[status]) for status in sorted(by_status)}


def _response(status: int, kinds: list[type[Exception]]) -> dict[str, Any]:
    codes = list(dict.fromkeys(PROBLEMS[kind].code for kind in kinds))
    schema = {
        "allOf": [
            in_components("schemas", "Problem"),
            {"properties": {"status": {"const": status}, "error": {"enum": codes}}},
        ]
    }
    examples = {n: in_components("examples", n) for n in map(example_name, kinds)}
    return {
        "description": ", ".join(f"{PROBLEMS[k].title} (`{PROBLEMS[k].code}`)" for k in kinds),
        "headers": _headers(kinds),
        "content": {_MEDIA_TYPE: {"schema": schema, "examples": examples}},
    }


def _headers(kinds: list[type[Exception]]) -> dict[str, Any]:
    sent = {name.decode() for kind in kinds for name, _ in rendered(kind).headers}
    shown = {
        header: in_components("headers", c) for n, (header, c) in _HEADERS.items() if n in sent
    }
    return {"X-Request-ID": in_components("headers", "RequestId"), **shown}
