"""Spans as OpenTelemetry makes them, sent by OTLP over HTTP. Imported where they are asked for."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from random import random
from typing import Any, Final

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode
from opentelemetry.trace import TraceFlags as Flags

from foundation.clock import monotonic_seconds
from foundation.outbound_spans import OutboundSpans
from foundation.request_facts import RequestFacts
from foundation.tracing import Value

CALLERS_TRACES_A_SECOND: Final = 50
"""So many are recorded because their callers record them; strangers may say so too."""

_SEND_SECONDS: Final = 3.0
_SERVER_FAULT: Final = 500
_FAILED: Final = Status(StatusCode.ERROR)


class OtelSpans:
    """Makes spans and hands them to ``outbound``.

    Of traces that begin here ``percent`` are recorded. Of others those that their caller records,
    up to CALLERS_TRACES_A_SECOND, and of what is beyond that ``percent`` by chance: ids, by which
    chance is decided elsewhere, are the caller's choice.
    """

    def __init__(
        self,
        outbound: OutboundSpans,
        *,
        percent: int,
        clock: Callable[[], float] = monotonic_seconds,
    ) -> None:
        self._outbound = outbound
        self._share = percent / 100
        self._clock = clock
        self._second, self._taken = 0, 0
        self._provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(percent / 100)),
            resource=Resource.create({"service.name": "coditect-license"}),
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(_HandingOn(self._outbound))
        self._tracer = self._provider.get_tracer("coditect_license")

    def request(
        self, plane: str, method: str, route: str, facts: RequestFacts
    ) -> "OtelRequestSpan":
        """Begin the span of a request and make it the current one."""
        if facts.is_sampled:
            facts.is_sampled = self._takes_callers()
        span = self._tracer.start_span(
            f"{plane} {method} {route}", _callers_context(facts), kind=SpanKind.SERVER
        )
        otel_context.attach(trace.set_span_in_context(span, otel_context.Context()))
        own = span.get_span_context()
        facts.trace_id = trace.format_trace_id(own.trace_id)
        facts.span_id = trace.format_span_id(own.span_id)
        facts.is_sampled = own.trace_flags.sampled
        span.set_attributes(
            {
                "http.request.method": method,
                "http.route": route,
                "license.plane": plane,
                "license.request_id": facts.request_id,
            }
        )
        return OtelRequestSpan(span, facts)

    def _takes_callers(self) -> bool:
        """Return whether a trace is recorded that its caller records. For the event loop."""
        second = int(self._clock())
        if second != self._second:
            self._second, self._taken = second, 0
        self._taken += 1
        return self._taken <= CALLERS_TRACES_A_SECOND or random() < self._share  # noqa: S311  no secret

    @contextmanager
    def span(self, name: str, attributes: Mapping[str, Value]) -> Iterator[None]:
        """Begin a part of the current span, which is the current one within."""
        with _ending(self._tracer.start_span(name, attributes=attributes)):
            yield

    def join(self, name: str) -> "OtelJoinedSpan":
        """Begin a part of the current span that others' work is going to serve."""
        return OtelJoinedSpan(self._tracer.start_span(name))

    @contextmanager
    def batch(
        self, name: str, joined: Sequence[Any], attributes: Mapping[str, Value]
    ) -> Iterator[None]:
        """Begin the span of work that serves many: part of the first, linked with all.

        The first that is recorded, so that no trace lacks its work because of a neighbor. Each of
        those served is linked with the work too.
        """
        served = [one.span for one in joined]
        first = next((one for one in served if one.is_recording()), served[0])
        links = [Link(one.get_span_context()) for one in served if one is not first]
        within = trace.set_span_in_context(first)
        span = self._tracer.start_span(name, within, attributes=attributes, links=links)
        for one in served:
            if one is not first:
                one.add_link(span.get_span_context())
        with _ending(span):
            yield

    def stop(self) -> None:
        """Send what waits, within seconds, and end."""
        self._outbound.end()
        self._provider.shutdown()


class OtelRequestSpan:
    """The span in which one request is answered."""

    def __init__(self, span: trace.Span, facts: RequestFacts) -> None:
        self._span = span
        self._facts = facts

    def end(self, status: int | None) -> None:
        """End it, with the status of the answer; None when none began."""
        if status is not None:
            self._span.set_attribute("http.response.status_code", status)
        if self._facts.outcome is not None:
            self._span.set_attribute("license.outcome", self._facts.outcome)
        if status is None or status >= _SERVER_FAULT:
            self._span.set_status(_FAILED)
        self._span.end()


class OtelJoinedSpan:
    """The time that one call spends in the engine."""

    def __init__(self, span: trace.Span) -> None:
        self.span = span

    def end(self) -> None:
        """End it."""
        self.span.end()


@contextmanager
def _ending(span: trace.Span) -> Iterator[None]:
    """Make a span current, and end it; of an error it says the type and not the text."""
    token = otel_context.attach(trace.set_span_in_context(span))
    try:
        yield
    except BaseException as error:
        span.set_attribute("error.type", type(error).__qualname__)
        span.set_status(_FAILED)
        raise
    finally:
        otel_context.detach(token)
        span.end()


def _callers_context(facts: RequestFacts) -> otel_context.Context:
    """Return the context that a caller's header names, or an empty one."""
    empty = otel_context.Context()
    if facts.span_id is None:
        return empty
    flags = Flags(Flags.SAMPLED if facts.is_sampled else Flags.DEFAULT)
    parent = SpanContext(int(facts.trace_id, 16), int(facts.span_id, 16), True, flags)  # noqa: FBT003
    return trace.set_span_in_context(NonRecordingSpan(parent), empty)


class _HandingOn(SpanProcessor):
    """Hands recorded spans to the queue."""

    def __init__(self, outbound: OutboundSpans) -> None:
        self._outbound = outbound

    def on_end(self, span: ReadableSpan) -> None:
        self._outbound.add(span)


class OtlpSender:
    """Sends spans to ``endpoint``, the whole address of OTLP over HTTP."""

    def __init__(self, endpoint: str) -> None:
        self._exporter = OTLPSpanExporter(endpoint, timeout=_SEND_SECONDS)

    def send(self, spans: Sequence[ReadableSpan]) -> bool:
        """Return whether the collector has them; tries again for seconds."""
        return self._exporter.export(spans) is SpanExportResult.SUCCESS
