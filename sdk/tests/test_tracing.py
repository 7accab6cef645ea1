"""A call's span: in programs that trace, and nothing at all in others."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from opentelemetry import context, trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult

from coditect_license_sdk._tracing import traced
from coditect_license_sdk._wire import Answer, Call, Deed
from coditect_license_sdk.errors import ServerUnreachable

CALL = Call(deed=Deed.ACQUIRE, method="POST", path="/a/", query={}, body={"license_key": "K-1"})


class Kept(SpanExporter):
    """Keeps what a program's tracer gives out."""

    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.spans += spans
        return SpanExportResult.SUCCESS


@pytest.fixture
def tracer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    """Have this program trace: its tracers are those of a provider of the test."""
    kept = Kept()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    monkeypatch.setattr(trace, "get_tracer", provider.get_tracer)
    token = context.attach(context.Context())
    yield kept
    context.detach(token)


def test_a_call_is_a_span_whose_trace_the_server_is_told(tracer: Kept) -> None:
    with traced(CALL) as span:
        answer = span.answered(Answer(status=201, body=b"", headers={}))
        headers = dict(span.headers)

    (ended,) = tracer.spans
    own = ended.context
    assert answer.status == 201
    flags = int(own.trace_flags)
    assert headers == {"traceparent": f"00-{own.trace_id:032x}-{own.span_id:016x}-{flags:02x}"}
    assert flags & 1
    assert ended.name == "license acquire"
    assert dict(ended.attributes or {}) == {
        "http.request.method": "POST",
        "http.response.status_code": 201,
    }
    assert "K-1" not in ended.to_json()


def test_an_error_is_named_by_its_type_alone(tracer: Kept) -> None:
    with pytest.raises(ServerUnreachable), traced(CALL):
        raise ServerUnreachable("a text that may quote anything")

    (ended,) = tracer.spans
    assert (ended.attributes or {})["error.type"] == "ServerUnreachable"
    assert "quote" not in ended.to_json()


def test_a_program_that_has_a_tracer_of_no_kind_sends_no_header() -> None:
    with traced(CALL) as span:
        assert dict(span.headers) == {}


def test_a_program_that_does_not_trace_loads_nothing_of_it() -> None:
    code = (
        "import sys, coditect_license_sdk as sdk; "
        "from coditect_license_sdk._tracing import traced; "
        "from coditect_license_sdk._wire import Call, Deed; "
        "call = Call(deed=Deed.HEALTH, method='GET', path='/', query={}); "
        "span = traced(call).__enter__(); "
        "assert dict(span.headers) == {}; "
        "assert not [name for name in sys.modules if name.startswith('opentelemetry')]"
    )
    done: subprocess.CompletedProcess[Any] = subprocess.run(
        [sys.executable, "-c", code], timeout=120, check=False
    )

    assert done.returncode == 0
