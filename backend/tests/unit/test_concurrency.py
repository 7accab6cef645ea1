"""The sweep over sessions against a model that counts at every instant."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from leasing.concurrency import Interval, periods, stretches, utilization

START = datetime(2030, 1, 1, 22, 30, tzinfo=UTC)
MINUTES = 240
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

instants = st.integers(-60, MINUTES + 60)
sessions = st.lists(st.tuples(instants, instants), max_size=12)


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


def held_at(minute: int, ran: list[tuple[int, int]], all_along: int) -> int:
    return all_along + sum(start <= minute < end for start, end in ran)


@given(ran=sessions, all_along=st.integers(0, 3), step=st.sampled_from([HOUR, DAY]))
def test_peaks_and_averages_are_those_of_a_count_at_every_minute(
    ran: list[tuple[int, int]], all_along: int, step: timedelta
) -> None:
    swept = stretches(
        [Interval(at(start), at(end)) for start, end in ran],
        all_along=all_along,
        start=START,
        end=at(MINUTES),
    )

    found = periods(swept, step)

    counted: dict[tuple[int, int], list[int]] = {}
    for minute in range(MINUTES):
        place = at(minute).day, at(minute).hour if step == HOUR else 0
        counted.setdefault(place, []).append(held_at(minute, ran, all_along))
    assert [one.peak for one in found] == [max(held) for held in counted.values()]
    assert [one.seat_microseconds for one in found] == [
        60_000_000 * sum(held) for held in counted.values()
    ]
    assert found[0].start == START
    assert found[-1].end == at(MINUTES)
    assert all(one.end == other.start for one, other in pairwise(found))


@given(ran=sessions, seats=st.integers(0, 5))
def test_the_histogram_is_that_of_a_count_at_every_minute(
    ran: list[tuple[int, int]], seats: int
) -> None:
    swept = stretches(
        [Interval(at(start), at(end)) for start, end in ran],
        all_along=0,
        start=START,
        end=at(MINUTES),
    )

    seconds = utilization(swept, seats)

    expected = [0.0] * 12
    for minute in range(MINUTES):
        held = held_at(minute, ran, 0)
        full = 11 if held > seats else next(n for n in range(11) if held * 10 <= n * seats)
        expected[full] += 60
    assert seconds == expected
    assert sum(seconds) == MINUTES * 60


def test_a_seat_handed_over_at_an_instant_was_held_once() -> None:
    ran = [Interval(at(0), at(30)), Interval(at(30), at(60))]

    (hour,) = periods(stretches(ran, all_along=0, start=at(0), end=at(30)), HOUR)
    both = periods(stretches(ran, all_along=0, start=at(0), end=at(60)), DAY)

    assert (hour.peak, hour.average) == (1, 1.0)
    assert (both[0].peak, both[0].average) == (1, 1.0)
