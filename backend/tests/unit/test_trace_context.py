"""The header traceparent: taken as W3C writes it, and ignored otherwise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.request_facts import begin_request, current_request
from foundation.trace_context import TraceParent, parse_traceparent

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
GOOD = f"00-{TRACE}-{SPAN}-01"
UUID = "018f3c1e-7a2b-7c3d-8e4f-5a6b7c8d9e0f"


@pytest.mark.parametrize(
    ("header", "is_sampled"),
    [
        (GOOD, True),
        (f"00-{TRACE}-{SPAN}-00", False),
        (f"00-{TRACE}-{SPAN}-03", True),
        (f"00-{TRACE}-{SPAN}-fe", False),
        (f"cc-{TRACE}-{SPAN}-01", True),
        (f"cc-{TRACE}-{SPAN}-01-what-comes-later", True),
    ],
)
def test_what_the_standard_allows_is_read(header: str, is_sampled: bool) -> None:
    assert parse_traceparent(header.encode()) == TraceParent(TRACE, SPAN, is_sampled)


@pytest.mark.parametrize(
    "header",
    [
        "",
        TRACE,
        GOOD.upper(),
        f"ff-{TRACE}-{SPAN}-01",
        f"0-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE[1:]}-{SPAN}-01",
        f"00-{TRACE}a-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-1",
        f"{GOOD}-more",
        f"{GOOD}\n",
        f" {GOOD}",
        f"{GOOD}, {GOOD}",
        f"cc-{TRACE}-{SPAN}-01.more",
        f"cc-{TRACE}-{SPAN}-01-\x00",
        f"cc-{TRACE}-{SPAN}-01-{'x' * 500}",
        f"00-{'g' * 32}-{SPAN}-01",
    ],
)
def test_anything_else_is_as_if_it_was_not_there(header: str) -> None:
    assert parse_traceparent(header.encode()) is None
    facts = begin_request(None, header.encode())
    assert (len(facts.trace_id), facts.span_id, facts.is_sampled) == (32, None, False)
    assert facts.trace_id != TRACE


@given(st.binary(max_size=80))
def test_no_bytes_are_misread(header: bytes) -> None:
    read = parse_traceparent(header)
    assert read is None or f"{read.trace_id}-{read.span_id}".encode() == header[3:52]


@pytest.mark.parametrize("given_id", ["0123456789abcdef", "A" * 32, UUID])
def test_an_id_of_a_caller_is_taken_when_it_is_hexadecimal(given_id: str) -> None:
    assert begin_request(given_id.encode(), None).request_id == given_id


@pytest.mark.parametrize(
    "given_id",
    [
        "",
        "a" * 15,
        "a" * 33,
        "a" * 30_000,
        "CDT1-0123K-5TYWF-QG4M9-N8ZXA-RJDV2-7C1HB",
        "alice@example.org",
        f"{UUID}\n",
        "../../etc/passwd",
        "0123456789abcdeg",
    ],
)
def test_no_other_id_of_a_caller_is_taken(given_id: str) -> None:
    facts = begin_request(given_id.encode(), None)
    assert len(facts.request_id) == 16
    assert facts.request_id != given_id
    assert facts.trace_id.startswith(facts.request_id)


def test_the_request_that_began_last_here_is_the_current_one() -> None:
    facts = begin_request(None, GOOD.encode())
    assert current_request() is facts
    assert (facts.trace_id, facts.span_id, facts.is_sampled) == (TRACE, SPAN, True)
