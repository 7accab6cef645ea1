"""The line of one request, in the form that Cloud Logging takes apart.

Source: cloud.google.com/logging/docs/structured-logging (special fields in structured payloads),
LogEntry.HttpRequest. Left out are the address and program of the caller: they name persons.
"""

from typing import Final

from msgspec import Struct, field

from foundation.clock import rfc3339_now
from foundation.request_facts import CUT_OFF, RequestFacts

_SERVER_FAULT: Final = 500


class HttpRequest(Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """What Cloud Logging shows of a request. ``request_url`` is its path, without the query."""

    request_method: str | None = None
    request_url: str | None = None
    status: int | None = None
    latency: str | None = None


class RequestLine(Struct, frozen=True, gc=False, omit_defaults=True):
    """The members of a line, in their order; what is not known is left out."""

    severity: str
    time: str
    message: str
    plane: str
    request_id: str
    outcome: str
    http_request: HttpRequest = field(name="httpRequest")
    trace: str = field(name="logging.googleapis.com/trace")
    is_sampled: bool = field(name="logging.googleapis.com/trace_sampled")
    span_id: str | None = field(default=None, name="logging.googleapis.com/spanId")
    tenant_id: str | None = None
    principal_kind: str | None = None
    duration_ms: float | None = None


class Exchange(Struct, frozen=True, gc=False):
    """A request and what it was answered.

    ``status`` is None when no answer began. ``seconds`` is None, with ``method`` and ``path``, for
    bytes that were no whole request.
    """

    plane: str
    method: str | None = None
    path: str | None = None
    status: int | None = None
    seconds: float | None = None


def request_line(exchange: Exchange, facts: RequestFacts, *, trace_prefix: str) -> RequestLine:
    """Return the line of an exchange. ``trace_prefix`` makes its trace's id a resource's name."""
    status, seconds = exchange.status, exchange.seconds
    return RequestLine(
        severity="ERROR" if status is not None and status >= _SERVER_FAULT else "INFO",
        time=rfc3339_now(),
        message="request",
        plane=exchange.plane,
        request_id=facts.request_id,
        outcome=facts.outcome or _outcome(status),
        http_request=HttpRequest(
            exchange.method, exchange.path, status, None if seconds is None else f"{seconds:.6f}s"
        ),
        trace=trace_prefix + facts.trace_id,
        is_sampled=facts.is_sampled,
        span_id=facts.span_id,
        tenant_id=facts.tenant_id,
        principal_kind=facts.principal_kind,
        duration_ms=None if seconds is None else round(seconds * 1000, 3),
    )


def _outcome(status: int | None) -> str:
    """Return what came of a request where nobody has said: for pages, which have no stable code."""
    if status is None:
        return CUT_OFF
    if status < 400:
        return "answered"
    return "refused" if status < _SERVER_FAULT else "failed"
