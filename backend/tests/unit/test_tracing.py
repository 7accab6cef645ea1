"""Spans within one process: who is part of whom, what they may say, and nothing when off."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.context import Context, attach, detach
from opentelemetry.sdk.trace import ReadableSpan

from coditect_license.log_settings import traces_endpoint
from foundation import tracing
from foundation.env import EnvironmentMistake
from foundation.otel import CALLERS_TRACES_A_SECOND, OtelSpans
from foundation.outbound_spans import OutboundSpans
from foundation.request_facts import begin_request
from foundation.tracing import ATTRIBUTES

BACKEND = Path(__file__).resolve().parents[2]
SECRET = "canary-7f3a"


class Kept:
    """A sender that keeps what it is given."""

    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []

    def send(self, spans: Sequence[Any]) -> bool:
        self.spans += spans
        return True


@pytest.fixture
def kept() -> Iterator[Kept]:
    sender = Kept()
    token = attach(Context())
    tracing.send_spans(OtelSpans(OutboundSpans(sender), percent=100))
    yield sender
    tracing.stop_spans()
    detach(token)


def test_a_batch_is_part_of_the_first_call_and_linked_with_all(kept: Kept) -> None:
    joined = []
    for _ in range(3):
        request = tracing.begin_request("leasing", "PATCH", "/a/", begin_request(None, None))
        one = tracing.join("commit")
        assert request is not None
        assert one is not None
        joined.append(one)
        request.end(200)
    with (
        tracing.batch("batch", joined, license__batch__calls=3),
        tracing.span("transaction", db__system__name="sqlite"),
    ):
        pass
    for one in joined:
        one.end()
    tracing.stop_spans()

    spans = {span.name: span for span in kept.spans}
    first, *others = [span for span in kept.spans if span.name == "commit"]
    batch = spans["batch"]
    assert parent(batch) == first.context.span_id
    assert parent(spans["transaction"]) == batch.context.span_id
    assert [link.context for link in batch.links] == [span.context for span in others]
    assert all([link.context for link in span.links] == [batch.context] for span in others)
    assert len({span.context.trace_id for span in (first, *others)}) == 3
    assert dict(batch.attributes or {}) == {"license.batch.calls": 3}


def test_an_error_is_named_by_its_type_and_its_text_stays_out(kept: Kept) -> None:
    with pytest.raises(KeyError), tracing.span("transaction"):
        raise KeyError(SECRET)
    tracing.stop_spans()

    (span,) = kept.spans
    assert dict(span.attributes or {}) == {"error.type": "KeyError"}
    assert SECRET not in span.to_json()
    assert not span.events


def test_names_of_spans_are_few_whatever_is_asked(kept: Kept) -> None:
    for method in ("PATCH", "PROPFIND", SECRET):
        request = tracing.begin_request("leasing", method, "/a/{b}/", begin_request(None, None))
        assert request is not None
        request.end(405)
    tracing.stop_spans()

    assert [span.name for span in kept.spans] == [
        *("leasing PATCH /a/{b}/", "leasing _OTHER /a/{b}/", "leasing _OTHER /a/{b}/")
    ]
    assert SECRET not in "".join(span.to_json() for span in kept.spans)


@pytest.mark.parametrize(("percent", "more"), [(0, 0), (100, 30)])
def test_strangers_who_say_that_they_record_do_not_fill_the_collector(
    percent: int, more: int
) -> None:
    """Their ids end in zeros, which every dice thrown by id would take."""
    token, sender, now = attach(Context()), Kept(), [7.0]
    spans = OtelSpans(OutboundSpans(sender), percent=percent, clock=lambda: now[0])
    tracing.send_spans(spans)
    facts = []
    for second in (7.0, 8.5):
        now[0] = second
        for number in range(CALLERS_TRACES_A_SECOND + 30):
            header = f"00-{number + 1:016x}{'0' * 16}-{'b2' * 8}-01".encode()
            facts.append(begin_request(None, header))
            request = tracing.begin_request("leasing", "GET", "/", facts[-1])
            assert request is not None
            request.end(200)
    tracing.stop_spans()
    detach(token)

    assert len(sender.spans) == 2 * (CALLERS_TRACES_A_SECOND + more)
    assert sum(one.is_sampled for one in facts) == len(sender.spans)


@pytest.mark.usefixtures("kept")
def test_a_span_says_nothing_that_is_not_on_the_list() -> None:
    with pytest.raises(ValueError, match="hardware_id"):
        tracing.span("sign", hardware_id=SECRET)


def test_the_request_of_a_caller_is_part_of_its_trace(kept: Kept) -> None:
    facts = begin_request(b"c3" * 8, f"00-{'a1' * 16}-{'b2' * 8}-01".encode())

    request = tracing.begin_request("leasing", "POST", "/a/{b}/", facts)
    assert request is not None
    facts.outcome = "overloaded"
    request.end(503)
    tracing.stop_spans()

    (span,) = kept.spans
    said = json.loads(span.to_json())
    assert (said["parent_id"], facts.trace_id) == (f"0x{'b2' * 8}", "a1" * 16)
    assert facts.span_id == f"{span.context.span_id:016x}"
    assert said["status"] == {"status_code": "ERROR"}
    assert said["attributes"] == {
        "http.request.method": "POST",
        "http.route": "/a/{b}/",
        "license.plane": "leasing",
        "license.request_id": "c3" * 8,
        "http.response.status_code": 503,
        "license.outcome": "overloaded",
    }
    assert said["attributes"].keys() <= ATTRIBUTES


def test_without_a_place_to_send_them_there_are_no_spans_and_no_library() -> None:
    """In a process of its own: nothing of OpenTelemetry's kit is loaded by the plane."""
    code = (
        "import sys; from foundation import tracing; from foundation.request_facts import *; "
        "facts = begin_request(None, None); "
        "assert tracing.begin_request('leasing', 'GET', '/', facts) is None; "
        "assert tracing.join('commit') is None; "
        "assert tracing.span('sign') is tracing.batch('batch', []); "
        "tracing.stop_spans(); "
        "assert not [name for name in sys.modules if name.startswith('opentelemetry')]"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=BACKEND, timeout=120, check=False)

    assert done.returncode == 0


def test_asked_for_without_the_library_a_server_does_not_start() -> None:
    """In a process of its own, which cannot find it."""
    code = (
        "import sys; sys.modules['opentelemetry.sdk'] = None; "
        "from django.conf import settings; "
        "settings.configure(LICENSE_TRACES_ENDPOINT='http://127.0.0.1:4318/v1/traces'); "
        "from coditect_license.spans import send_spans_from_settings as send; send()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=BACKEND,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert "TracingNotInstalled: LICENSE_TRACES_ENDPOINT is set, and Open" in done.stderr


@pytest.mark.parametrize(
    "endpoint",
    ["collector:4318", "ftp://collector/v1/traces", "http://me:word@collector/v1", "http://a b/"],
)
def test_a_wrong_endpoint_is_refused(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    monkeypatch.setenv("LICENSE_TRACES_ENDPOINT", endpoint)

    with pytest.raises(EnvironmentMistake, match="LICENSE_TRACES_ENDPOINT must be http") as refused:
        traces_endpoint()

    assert "word" not in str(refused.value)


def parent(span: ReadableSpan) -> int:
    assert span.parent is not None
    return span.parent.span_id
