"""What the edge itself answers: problem documents (RFC 9457) like the server's."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

TYPE_PREFIX: Final = "urn:coditect:license:problem:"


@dataclass(frozen=True)
class Problem:
    """One answer; ``statuses`` of nginx mean it, and ``retry_after_seconds`` 0 says nothing."""

    status: int
    statuses: tuple[int, ...]
    code: str
    title: str
    detail: str
    retry_after_seconds: int = 0
    headers: tuple[str, ...] = ()


PROBLEMS: Final = (
    Problem(
        400,
        (400, 495, 496, 497),
        "invalid_request",
        "Invalid request",
        "The request is not valid HTTP over TLS, or its body is not what it says.",
    ),
    Problem(
        403,
        (403,),
        "refused_at_edge",
        "Refused",
        "The edge refuses this request; its log has the request id.",
    ),
    Problem(404, (404,), "not_found", "Not found", "There is no such thing here."),
    Problem(
        405,
        (405,),
        "method_not_allowed",
        "Method not allowed",
        "This address takes other methods.",
        headers=('Allow "GET, HEAD, POST, PATCH, DELETE, OPTIONS"',),
    ),
    Problem(408, (408,), "request_timeout", "Too slow", "The request did not come in time."),
    Problem(
        413, (413,), "body_too_large", "Body too large", "The body may have at most 65536 bytes."
    ),
    Problem(
        431,
        (414, 494),
        "head_too_large",
        "Address and headers too large",
        "Address and headers may have at most 32768 bytes, and there may be 100 headers.",
    ),
    Problem(
        429,
        (429,),
        "rate_limited",
        "Too many calls",
        "Too many calls of this address; nothing was changed, and a held lease stays good.",
        retry_after_seconds=5,
    ),
    Problem(500, (500, 501), "internal_error", "Internal error", "Something failed at the edge."),
    Problem(
        502,
        (502,),
        "server_unreachable",
        "Server unreachable",
        "The server behind the edge does not answer; a held lease stays good.",
        retry_after_seconds=5,
    ),
    Problem(
        503,
        (503,),
        "closed",
        "Closed for now",
        "The edge is closed for now; a held lease stays good.",
        retry_after_seconds=30,
    ),
    Problem(
        504,
        (504,),
        "server_unreachable",
        "Server unreachable",
        "The server behind the edge answers too slowly; repeating the call is safe.",
        retry_after_seconds=5,
    ),
)


def error_pages() -> str:
    """Return nginx's directives that answer each of them."""
    return "\n".join(line for problem in PROBLEMS for line in _directives(problem))


def document(problem: Problem) -> str:
    """Return a problem's JSON, with the variable that nginx puts the request's id in."""
    retry = {"retry_after_seconds": problem.retry_after_seconds}
    return json.dumps(
        {
            "type": TYPE_PREFIX + problem.code,
            "title": problem.title,
            "status": problem.status,
            "detail": problem.detail,
            "error": problem.code,
            "message": problem.detail,
            "request_id": "$edge_request_id",
            **(retry if problem.retry_after_seconds else {}),
        },
        separators=(",", ":"),
    )


def _page(status: int, problem: Problem) -> str:
    """Return what sends a status to its answer; nginx's own statuses become public ones."""
    becomes = "" if status == problem.status else f"={problem.status} "
    return f"        error_page {status} {becomes}{_place(problem)};"


def _place(problem: Problem) -> str:
    return f"@problem_{problem.status}"


def _directives(problem: Problem) -> Iterator[str]:
    yield from (_page(status, problem) for status in problem.statuses)
    yield f"        location {_place(problem)} {{"
    yield "            modsecurity off;"
    yield "            default_type application/problem+json;"
    yield "            add_header Cache-Control no-store always;"
    yield "            add_header X-Content-Type-Options nosniff always;"
    yield "            add_header X-Request-Id $edge_request_id always;"
    if problem.retry_after_seconds:
        yield f"            add_header Retry-After {problem.retry_after_seconds} always;"
    for header in problem.headers:
        yield f"            add_header {header} always;"
    yield f"            return {problem.status} '{document(problem)}';"
    yield "        }"
