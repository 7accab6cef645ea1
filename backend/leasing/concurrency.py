"""How many seats were held when: sweeps over sessions as intervals of time. Pure.

Intervals are half open: a seat given back at an instant and taken at the same one was held once.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

TENTHS: Final = 10
_MICROSECOND: Final = timedelta(microseconds=1)


class Interval(NamedTuple):
    """A time that begins at ``start`` and ends before ``end``."""

    start: datetime
    end: datetime


class Stretch(NamedTuple):
    """A time in which the number of seats held stays what it is."""

    start: datetime
    end: datetime
    held: int

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return (self.end - self.start).total_seconds()


class Period(NamedTuple):
    """The seats held within an hour or a day, or the part of one that was asked for."""

    start: datetime
    end: datetime
    peak: int
    seat_microseconds: int

    @property
    def average(self) -> float:
        """How many seats were held at a time, on average."""
        return self.seat_microseconds / ((self.end - self.start) // _MICROSECOND)


def stretches(
    sessions: Iterable[Interval], *, all_along: int, start: datetime, end: datetime
) -> Iterator[Stretch]:
    """Yield how many of the sessions ran, from ``start`` to ``end`` without a gap.

    ``all_along`` sessions ran the whole time and are not among ``sessions``. One that ends before
    it begins, which a clock that was set back can leave, never ran.
    """
    changes: Counter[datetime] = Counter()
    for session in sessions:
        began, ended = max(session.start, start), min(session.end, end)
        if began < ended:
            changes[began] += 1
            changes[ended] -= 1
    held, since = all_along, start
    for instant in sorted(changes):
        if instant > since:
            yield Stretch(since, instant, held)
            since = instant
        held += changes[instant]
    if since < end:
        yield Stretch(since, end, held)


def periods(held: Iterable[Stretch], step: timedelta) -> list[Period]:
    """Return peak and total of each hour or day (``step``), counted from midnight UTC.

    The first and the last are as long as the stretches reach into them.
    """
    found: list[Period] = []
    for stretch in held:
        for piece in _pieces(stretch, step):
            if found and _is_same_step(found[-1].start, piece.start, step):
                found[-1] = _together(found[-1], piece)
            else:
                found.append(_alone(piece))
    return found


def utilization(held: Iterable[Stretch], seats: int) -> list[float]:
    """Return for how many seconds how much of the seats was held.

    Twelve figures: nothing, then each tenth of the seats up to all, then more than all.
    """
    seconds = [0.0] * (TENTHS + 2)
    for stretch in held:
        seconds[_tenth(stretch.held, seats)] += stretch.seconds
    return seconds


def _tenth(held: int, seats: int) -> int:
    if held > seats:
        return TENTHS + 1
    return -(-held * TENTHS // seats) if held else 0


def _pieces(stretch: Stretch, step: timedelta) -> Iterator[Stretch]:
    start = stretch.start
    while start < stretch.end:
        end = min(floor(start, step) + step, stretch.end)
        yield Stretch(start, end, stretch.held)
        start = end


def _is_same_step(one: datetime, other: datetime, step: timedelta) -> bool:
    return floor(one, step) == floor(other, step)


def floor(instant: datetime, step: timedelta) -> datetime:
    """Return when the hour or day of an instant begins, in UTC."""
    instant = instant.astimezone(UTC)
    midnight = datetime(instant.year, instant.month, instant.day, tzinfo=UTC)
    return midnight + (instant - midnight) // step * step


def _alone(piece: Stretch) -> Period:
    return Period(piece.start, piece.end, piece.held, _seat_microseconds(piece))


def _together(period: Period, piece: Stretch) -> Period:
    return Period(
        period.start,
        piece.end,
        max(period.peak, piece.held),
        period.seat_microseconds + _seat_microseconds(piece),
    )


def _seat_microseconds(piece: Stretch) -> int:
    return piece.held * ((piece.end - piece.start) // _MICROSECOND)
