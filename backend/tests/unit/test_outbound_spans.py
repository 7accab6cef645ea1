"""Spans on their way out: bounded, counted, and in nobody's way."""

import threading
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from foundation import outbound_spans
from foundation.metrics import exposition
from foundation.outbound_spans import OutboundSpans


class Collector:
    """A collector that takes nothing until it is let."""

    def __init__(self, *, is_there: bool = True) -> None:
        self.open = threading.Event()
        self.asked = threading.Event()
        self.taken: list[Any] = []
        self._is_there = is_there

    def send(self, spans: Sequence[Any]) -> bool:
        self.asked.set()
        assert self.open.wait(60)
        self.taken += spans
        return self._is_there


@pytest.fixture
def slow() -> Iterator[Collector]:
    collector = Collector()
    yield collector
    collector.open.set()


def counted(outcome: str) -> float:
    name = f'trace_spans_total{{outcome="{outcome}"}} '
    return sum(float(line[len(name) :]) for line in exposition().splitlines() if name in line)


def test_whoever_ends_a_span_never_waits_for_a_slow_collector(slow: Collector) -> None:
    dropped = counted("dropped")
    outbound = OutboundSpans(slow, most_waiting=1_000)
    for number in range(outbound_spans.MOST_AT_ONCE):
        outbound.add(number)
    assert slow.asked.wait(60)

    for number in range(3_000):  # the collector holds its thread all the while
        outbound.add(number)

    assert counted("dropped") - dropped == 2_000
    slow.open.set()
    outbound.end()
    assert len(slow.taken) == outbound_spans.MOST_AT_ONCE + 1_000


def test_what_no_collector_took_is_counted_as_failed() -> None:
    failed, sent = counted("failed"), counted("sent")
    away = Collector(is_there=False)
    away.open.set()
    outbound = OutboundSpans(away)

    for number in range(7):
        outbound.add(number)
    outbound.end()

    assert (counted("failed") - failed, counted("sent") - sent) == (7, 0)


def test_what_waits_at_the_end_is_sent_and_what_comes_later_is_dropped() -> None:
    sent, dropped = counted("sent"), counted("dropped")
    collector = Collector()
    collector.open.set()
    outbound = OutboundSpans(collector)
    outbound.add("last")

    outbound.end()
    outbound.add("too late")

    assert collector.taken == ["last"]
    assert (counted("sent") - sent, counted("dropped") - dropped) == (1, 1)
