"""Who may believe to hold a seat, and who can possibly hold one, from a recorded history.

A belief starts when the reply arrives and ends when the lease ends, counted from the moment the
request was *sent*, or when the release is sent. It is the least a correct program may rely on.
What is possible is the opposite: the most that the server may still have counted.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from tests.support.history_events import Event

_GRANTING: Final = {"acquire", "heartbeat", "borrow"}


@dataclass
class Span:
    """A time in which one device holds a seat; the end itself is outside.

    A loan is believed to its end, whatever is released: its file cannot be taken back (S10).

    ``limit`` is the most seats in force when the seat was granted. It is ``excused`` when a restore
    has taken its grant out of the ledger and it ends with what was promised before that: until
    then the seat may be another's too, and nobody could know.
    """

    device: str
    session: str
    start_ms: int
    end_ms: int
    instance: str = ""
    limit: int = 0
    excused: bool = False
    is_loan: bool = False

    @property
    def is_empty(self) -> bool:
        return self.end_ms <= self.start_ms

    def covers(self, event: Event) -> bool:
        """Tell whether the span covers a whole call, from sending to reply."""
        return self.start_ms <= event.sent_ms and event.replied_ms < self.end_ms


class Capacity:
    """How many seats were in force at a time, with the doubt while a change was under way."""

    def __init__(self, events: Iterable[Event]) -> None:
        self._changes = [event for event in events if event.kind in {"license", "seats"}]

    def possible(self, start_ms: int, end_ms: int) -> set[int]:
        """Return every capacity that may have been in force at some instant of a time."""
        found = set()
        for change, next_one in zip(self._changes, [*self._changes[1:], None], strict=True):
            is_over = next_one is not None and next_one.replied_ms < start_ms
            if change.sent_ms <= end_ms and not is_over:
                found.add(change.seats)
        return found


def beliefs(events: list[Event]) -> list[Span]:
    """Return every time in which a program may believe to hold its seat."""
    capacity = Capacity(events)
    spans: dict[str, list[Span]] = defaultdict(list)
    doubtful_since: dict[str, int] = {}
    for event in sorted(events, key=lambda event: event.sent_ms):
        of_session = spans[event.session]
        if event.kind == "release":
            _stop_believing(of_session, event)
        if event.kind == "acquire" and event.outcome == "unknown":
            doubtful_since.setdefault(event.device, event.sent_ms)
        if event.outcome != "held":
            continue
        since = doubtful_since.pop(event.device, event.sent_ms)
        granted_under = max(capacity.possible(since, event.replied_ms))
        limit = of_session[0].limit if of_session else granted_under
        of_session.append(_belief(event, limit))
    for session, until_ms in _excused_until(events).items():
        for span in spans[session]:
            span.excused = span.end_ms <= until_ms
    for of_session in spans.values():
        _stop_where_renewals_were_lost(events, of_session)
    return [span for of_session in spans.values() for span in of_session if not span.is_empty]


def _excused_until(events: list[Event]) -> dict[str, int]:
    """Return until when sessions were promised a seat whose grant a restore took out."""
    held = [event for event in events if event.outcome == "held"]
    began_ms: dict[str, int] = {}
    for event in held:
        began_ms[event.session] = min(began_ms.get(event.session, event.sent_ms), event.sent_ms)
    excused: dict[str, int] = {}
    for restore in (event for event in events if event.kind == "restore"):
        for event in held:
            is_lost = restore.sent_ms <= began_ms[event.session] < restore.replied_ms
            if is_lost and event.sent_ms < restore.replied_ms:
                promised_ms = event.replied_ms + event.lease_ms
                excused[event.session] = max(excused.get(event.session, 0), promised_ms)
    return excused


def _stop_where_renewals_were_lost(events: list[Event], spans: list[Span]) -> None:
    """End what was promised by a renewal that a restore took out with the hold that follows it.

    Who beats as it was told has come back by then; who stays silent may find its seat taken.
    """
    hold_ends = {event.sent_ms: event.replied_ms for event in events if event.kind == "hold"}
    for restore in (event for event in events if event.kind == "restore"):
        hold_end_ms = hold_ends.get(restore.replied_ms, restore.replied_ms)
        for span in spans:
            if restore.sent_ms <= span.start_ms < restore.replied_ms and not span.excused:
                span.end_ms = min(span.end_ms, hold_end_ms)


def possible_holders(events: list[Event]) -> list[Span]:
    """Return every time in which the server may have counted a device as a holder."""
    ttl_ms = events[0].ttl_ms
    spans: dict[str, list[Span]] = defaultdict(list)
    programs: dict[str, set[str]] = defaultdict(set)
    for event in sorted(events, key=lambda event: event.sent_ms):
        if event.outcome in {"held", "unknown"} and event.kind in _GRANTING:
            end_ms = event.replied_ms + max(event.lease_ms, ttl_ms)
            span = Span(event.device, event.session, event.sent_ms, end_ms)
            span.is_loan = event.kind == "borrow"
            spans[event.session].append(span)
            programs[event.session].add(event.instance)
        if event.kind == "release" and event.outcome == "done":
            programs[event.session].discard(event.instance)
            if not event.instance or not programs[event.session]:
                _free(spans[event.session], event)
    return [span for of_session in spans.values() for span in of_session]


def _belief(reply: Event, limit: int) -> Span:
    return Span(
        device=reply.device,
        session=reply.session,
        start_ms=reply.replied_ms,
        end_ms=reply.sent_ms + reply.lease_ms,
        instance=reply.instance,
        limit=limit,
        is_loan=reply.kind == "borrow",
    )


def _stop_believing(spans: list[Span], release: Event) -> None:
    for span in spans:
        if release.instance in {"", span.instance} and not span.is_loan:
            span.end_ms = min(span.end_ms, release.sent_ms)


def _free(spans: list[Span], release: Event) -> None:
    for span in spans:
        if not span.is_loan:
            span.end_ms = min(span.end_ms, release.replied_ms)
