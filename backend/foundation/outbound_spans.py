"""Ended spans on their way out: a bounded queue and a thread, in nobody's way.

Whoever ends a span only appends it. When the queue is full the span is dropped and counted; a
collector that is slow or away costs spans and nothing else.
"""

import threading
from collections import deque
from collections.abc import Sequence
from typing import Any, Final, Protocol

from foundation.metrics import counter

MOST_WAITING: Final = 4_096
MOST_AT_ONCE: Final = 512
SEND_EVERY_SECONDS: Final = 1.0
LONGEST_END_SECONDS: Final = 5.0

_counted = counter(
    "trace_spans_total",
    "Spans by what became of them: sent, dropped, failed.",
    "outcome",
)
count_sent: Final = _counted("sent")
count_dropped: Final = _counted("dropped")
count_failed: Final = _counted("failed")


class Sender(Protocol):
    """Sends spans; may block for seconds."""

    def send(self, spans: Sequence[Any]) -> bool:
        """Return whether the collector has them."""


class OutboundSpans:
    """Takes ended spans from any thread, and sends them from one of its own."""

    def __init__(self, sender: Sender, *, most_waiting: int = MOST_WAITING) -> None:
        self._sender = sender
        self._most_waiting = most_waiting
        self._waiting: deque[Any] = deque()
        self._wake = threading.Event()
        self._is_ending = False
        self._thread = threading.Thread(target=self._run, name="span-sender", daemon=True)
        self._thread.start()

    def add(self, span: Any) -> None:
        """Take a span, or drop it when too many wait. Never blocks."""
        if len(self._waiting) >= self._most_waiting or self._is_ending:
            count_dropped()
            return
        self._waiting.append(span)
        if len(self._waiting) >= MOST_AT_ONCE:
            self._wake.set()

    def end(self) -> None:
        """Send what waits, for some seconds at most; what is left then is dropped."""
        self._is_ending = True
        self._wake.set()
        self._thread.join(LONGEST_END_SECONDS)
        for _ in range(len(self._waiting)):
            count_dropped()

    def _run(self) -> None:
        while not self._is_ending:
            self._wake.wait(SEND_EVERY_SECONDS)
            self._wake.clear()
            self._send_all()

    def _send_all(self) -> None:
        while self._waiting:
            some = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_AT_ONCE))]
            count = count_sent if self._sender.send(some) else count_failed
            for _ in some:
                count()
