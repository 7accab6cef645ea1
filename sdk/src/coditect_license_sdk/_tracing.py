"""A span around each call, in programs that trace: their trace goes on in the server.

OpenTelemetry is neither needed nor loaded: a program that traces has loaded it. Its spans go where
the program sends them, and say what was asked, never a key, a device or a token.
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Final

from coditect_license_sdk._wire import Answer, Call

_API: Final = "opentelemetry.trace"
_NO_HEADERS: Final[Mapping[str, str]] = {}


class Traced:
    """One call under way; ``headers`` tell the server whose trace it belongs to."""

    def __init__(self, span: Any = None, headers: Mapping[str, str] = _NO_HEADERS) -> None:
        self._span = span
        self.headers = headers

    def answered(self, answer: Answer) -> Answer:
        """Note the status of an answer, and return it."""
        if self._span is not None:
            self._span.set_attribute("http.response.status_code", answer.status)
        return answer


@contextmanager
def traced(call: Call) -> Iterator[Traced]:
    """Begin the span of a call and end it, where the program has OpenTelemetry loaded.

    An error is named by its type: its text stays out.
    """
    if _API not in sys.modules:
        yield Traced()
        return
    api = import_module(_API)  # it is there; another thread may still be at it
    with api.get_tracer("coditect_license_sdk").start_as_current_span(
        f"license {call.deed.value}",
        kind=api.SpanKind.CLIENT,
        attributes={"http.request.method": call.method},
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        try:
            yield Traced(span, _headers(span.get_span_context()))
        except BaseException as error:
            span.set_attribute("error.type", type(error).__qualname__)
            span.set_status(api.StatusCode.ERROR)
            raise


def _headers(context: Any) -> Mapping[str, str]:
    """Return the header of W3C Trace Context, or nothing when the program traces nothing."""
    if not context.is_valid:
        return _NO_HEADERS
    flags = int(context.trace_flags)
    return {"traceparent": f"00-{context.trace_id:032x}-{context.span_id:016x}-{flags:02x}"}
