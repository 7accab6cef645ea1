"""Spans: how long which part of a request took, across programs. The one door to OpenTelemetry.

Off until :func:`send_spans` is called: then nothing of it is imported, and each place that could
begin a span asks one name and goes on. Attributes are an allow-list: no key, device, token, person
or tenant. Errors are named by their type, for their text may quote what a caller said.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Final, Protocol

from foundation.request_facts import RequestFacts

ATTRIBUTES: Final = frozenset(
    {
        *("http.request.method", "http.response.status_code", "http.route"),
        *("db.system.name", "error.type"),
        *("license.plane", "license.outcome", "license.request_id"),
        *("license.batch.calls", "license.document"),
    }
)
"""All that a span of the server may say beside its name."""

_METHODS: Final = frozenset(
    {*("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"), *("CONNECT", "TRACE")}
)

Value = str | int


class TracingNotInstalled(Exception):
    """Spans are asked for, and the library that makes them is not there."""


class RequestSpan(Protocol):
    """The span in which one request is answered."""

    def end(self, status: int | None) -> None:
        """End it, with the status of the answer; None when none began."""


class JoinedSpan(Protocol):
    """The time that one call spends in the engine."""

    def end(self) -> None:
        """End it."""


class Spans(Protocol):
    """What makes spans, once they are asked for (``foundation.otel``)."""

    def request(self, plane: str, method: str, route: str, facts: RequestFacts) -> RequestSpan:
        """Begin the span of a request and make it the current one."""

    def span(self, name: str, attributes: dict[str, Value]) -> AbstractContextManager[object]:
        """Begin a part of the current span, which is the current one within."""

    def join(self, name: str) -> JoinedSpan:
        """Begin a part of the current span that others' work is going to serve."""

    def batch(
        self, name: str, joined: Sequence[JoinedSpan], attributes: dict[str, Value]
    ) -> AbstractContextManager[object]:
        """Begin the span of work that serves many: part of the first, linked with all."""

    def stop(self) -> None:
        """Send what waits, within seconds, and end."""


_NOTHING: Final = nullcontext()
_spans: Spans | None = None


def send_spans(spans: Spans | None) -> None:
    """Have spans made from now on, or no longer."""
    global _spans  # noqa: PLW0603  one process, one way out
    _spans = spans


def begin_request(plane: str, method: str, route: str, facts: RequestFacts) -> RequestSpan | None:
    """Begin the span of a request, if any are made; its trace and id are the facts' from then.

    ``route`` is the pattern of the address: names of spans are few, whatever is asked. So are
    methods: one that HTTP does not have is ``_OTHER``.
    """
    if _spans is None:
        return None
    return _spans.request(plane, method if method in _METHODS else "_OTHER", route, facts)


def span(name: str, **attributes: Value) -> AbstractContextManager[object]:
    """Return what begins and ends a part of the current span; nothing when none are made.

    A dot in an attribute's name is written as two underscores.
    """
    return _NOTHING if _spans is None else _spans.span(name, _named(attributes))


def join(name: str) -> JoinedSpan | None:
    """Begin a part of the current span that a batch is going to serve, if any are made."""
    return None if _spans is None else _spans.join(name)


def batch(
    name: str, joined: Sequence[JoinedSpan], **attributes: Value
) -> AbstractContextManager[object]:
    """Return what begins and ends the span of a batch; nothing when nobody joined it."""
    if _spans is None or not joined:
        return _NOTHING
    return _spans.batch(name, joined, _named(attributes))


def stop_spans() -> None:
    """Send what waits, within seconds, and make no more."""
    if _spans is not None:
        _spans.stop()
        send_spans(None)


def _named(attributes: dict[str, Value]) -> dict[str, Value]:
    """Return attributes by their names. Raises ValueError for one that is not allowed."""
    named = {name.replace("__", "."): value for name, value in attributes.items()}
    if not named.keys() <= ATTRIBUTES:
        raise ValueError(f"not allowed in a span: {sorted(named.keys() - ATTRIBUTES)}")
    return named
