"""The history checker: was the promise kept, as far as the programs themselves could see?

In ``backend/``::

    python -m tests.support.history tests/support/histories/five_seats.jsonl

prints what was found and exits 1 when a promise was broken. The form of a history is described in
``tests/support/history_events.py``, what its programs may believe in ``tests/support/beliefs.py``.

S1  more devices believed to hold a seat than there were seats: milliseconds in excess
S2  a program that was sure of its lease was told that it is lost
S3  a device was denied although a seat was free during the whole call
S4  a device got a second seat while it still held its first
S6  the generation of a seat did not grow with its next holder, or that of a session shrank

After a restore, a seat that was granted in the time that is lost may be believed in twice, to the
end that was promised; that is counted and no violation. What was promised by renewals of that time
holds as long as the reclaim hold.

No search is needed: intervals are sorted and swept.
"""

import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from tests.support.beliefs import Capacity, Span, beliefs, possible_holders
from tests.support.history_events import Event, read_history


@dataclass
class Report:
    """What the checker found. ``broken`` lists violations by the id of their invariant."""

    calls: int
    most_holders: int = 0
    over_allocated_ms: int = 0
    excused: int = 0
    broken: dict[str, list[str]] = field(default_factory=dict)

    def complain(self, invariant: str, sentence: str) -> None:
        self.broken.setdefault(invariant, []).append(sentence)

    def __str__(self) -> str:
        found = f"most holders at once {self.most_holders}"
        lines = [f"{self.calls} calls, {found}, over-allocated {self.over_allocated_ms} ms"]
        if self.excused:
            lines.append(f"{self.excused} beliefs in seats whose grant a restore took back")
        lines += [f"{name}: {one}" for name, all_ in self.broken.items() for one in all_]
        return "\n".join(lines)


def check(events: list[Event]) -> Report:
    """Return what is wrong with a history, whose first event is its license."""
    report = Report(calls=sum(bool(event.outcome) for event in events))
    everything = beliefs(events)
    believed = [span for span in everything if not span.excused]
    report.excused = len(everything) - len(believed)
    _check_allocation(report, believed)
    _check_calls(report, events, believed)
    _check_denials(report, events)
    _check_generations(report, events)
    return report


def _check_allocation(report: Report, believed: list[Span]) -> None:
    """Sweep over all beginnings and ends, ends first at ties (S1)."""
    edges = [(span.start_ms, 1, span) for span in believed]
    edges += [(span.end_ms, 0, span) for span in believed]
    edges.sort(key=lambda edge: edge[:2])
    running: Counter[str] = Counter()
    limits: Counter[int] = Counter()
    before_ms = 0
    for at_ms, is_start, span in edges:
        excess = len(running) - max(limits, default=0)
        if excess > 0 and at_ms > before_ms:
            report.over_allocated_ms += at_ms - before_ms
            report.complain("S1", f"{excess} too many from {before_ms} to {at_ms} ms")
        step = Counter({span.device: 1}), Counter({span.limit: 1})
        running, limits = (
            (running + step[0], limits + step[1])
            if is_start
            else (running - step[0], limits - step[1])
        )
        report.most_holders = max(report.most_holders, len(running))
        before_ms = at_ms


def _check_calls(report: Report, events: list[Event], believed: list[Span]) -> None:
    by_device: dict[str, list[Span]] = defaultdict(list)
    for span in believed:
        by_device[span.device].append(span)
    for event in events:
        for span in by_device[event.device]:
            if not span.covers(event):
                continue
            is_same = (span.session, span.instance) == (event.session, event.instance)
            if event.outcome == "lost" and is_same:
                report.complain("S2", f"{event.device} lost a live lease at {event.sent_ms} ms")
            if event.outcome == "held" and span.session != event.session:
                report.complain("S4", f"{event.device} has a second seat at {event.sent_ms} ms")


def _check_denials(report: Report, events: list[Event]) -> None:
    possible, capacity = possible_holders(events), Capacity(events)
    holds = [event for event in events if event.kind == "hold"]
    holds += [_doubt_after(restore, events[0]) for restore in events if restore.kind == "restore"]
    for event in events:
        is_held = any(
            hold.sent_ms <= event.replied_ms and event.sent_ms < hold.replied_ms for hold in holds
        )
        if event.outcome != "denied" or is_held:
            continue
        holders = {
            span.device
            for span in possible
            if span.start_ms <= event.replied_ms and span.end_ms >= event.sent_ms
        }
        seats = min(capacity.possible(event.sent_ms, event.replied_ms))
        if len(holders - {event.device}) < seats:
            report.complain("S3", f"{event.device} was denied a free seat at {event.sent_ms} ms")


def _doubt_after(restore: Event, license: Event) -> Event:
    """Return for how long releases that were lost may keep seats from others: one lease."""
    return msgspec.structs.replace(restore, replied_ms=restore.replied_ms + license.ttl_ms)


def _check_generations(report: Report, events: list[Event]) -> None:
    held = [event for event in events if event.outcome == "held" and event.gen]
    holds = [event for event in events if event.kind == "hold"]
    gens: dict[str, tuple[int, int]] = {}
    last: dict[int, Event] = {}
    for event in sorted(held, key=lambda event: event.sent_ms):
        gen, since_ms = gens.get(event.session, (event.gen, event.sent_ms))
        may_grow = any(
            hold.sent_ms <= event.replied_ms and since_ms <= hold.replied_ms for hold in holds
        )
        if event.gen < gen or (event.gen > gen and not may_grow):
            report.complain("S6", f"session {event.session} changed its generation")
        gens[event.session] = event.gen, event.sent_ms
        if event.slot is None:
            continue
        before = last.get(event.slot)
        is_later = before is not None and before.replied_ms < event.sent_ms
        if before and is_later and before.session != event.session and before.gen >= event.gen:
            report.complain("S6", f"seat {event.slot} went from {before.gen} to {event.gen}")
        last[event.slot] = event


def main(arguments: list[str]) -> int:
    """Check the files named and print a report of each."""
    is_broken = False
    for argument in arguments:
        report = check(read_history(Path(argument)))
        is_broken = is_broken or bool(report.broken)
        sys.stdout.write(f"{argument}: {'BROKEN' if report.broken else 'kept'}\n{report}\n")
    return int(is_broken)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
