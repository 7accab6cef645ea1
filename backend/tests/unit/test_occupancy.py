"""Occupancy: counts known by heart agree with a count of everything, whatever happens."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from leasing.occupancy import HORIZON, Occupancy
from tests.support.clock import START

NOW = START


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def occupancy(*ends: float, lapsed: set[int] | None = None, rows: int = 10) -> Occupancy:
    """Return what a scan now finds: live seats by slot with their ends, and lapsed slots."""
    return Occupancy(
        live=len(ends),
        rows=rows,
        counted_after=NOW,
        horizon=NOW + HORIZON,
        upcoming=[(at(end), slot) for slot, end in enumerate(ends) if at(end) < NOW + HORIZON],
        lapsed=set(lapsed or ()),
    )


def test_what_a_scan_found_is_trusted_until_its_horizon() -> None:
    assert not occupancy().is_stale(at(9.999))
    assert occupancy().is_stale(at(10))


def test_only_seats_whose_end_has_come_need_a_look() -> None:
    known = occupancy(5, 3, 100)

    assert known.next_due(at(2)) is None
    assert [known.next_due(at(5)), known.next_due(at(5)), known.next_due(at(5))] == [1, 0, None]


def test_a_seat_that_lapsed_is_counted_no_more_and_may_be_claimed() -> None:
    known = occupancy(5, 100)

    known.found_lapsed(0)
    known.found_lapsed(0)

    assert known.live == 1
    assert known.claimable(cap=10) == 0


def test_a_seat_that_was_renewed_is_looked_at_again_only_before_the_horizon() -> None:
    known = occupancy(5)
    known.next_due(at(5))

    known.found_live(0, at(8))
    known.found_live(1, at(360))

    assert known.next_due(at(9)) == 0
    assert known.next_due(at(9)) is None


def test_a_grant_counts_and_moves_the_next_new_slot() -> None:
    known = occupancy(100, 100, rows=2)

    known.granted(2, at(360))

    assert (known.live, known.rows) == (3, 3)


def test_a_grant_on_a_former_slot_moves_nothing() -> None:
    known = occupancy(100, rows=5)

    known.granted(1, at(360))

    assert (known.live, known.rows) == (2, 5)


def test_a_release_counts_one_less() -> None:
    known = occupancy(100, 100)

    known.freed(0, at(100))

    assert known.live == 1


def test_the_end_of_a_session_that_had_lapsed_is_not_counted_twice() -> None:
    known = occupancy(5, 100)
    known.found_lapsed(0)

    known.freed(0, at(5))

    assert known.live == 1
    assert known.claimable(cap=10) is None


def test_s1_the_end_of_a_session_that_had_lapsed_unremembered_is_not_counted() -> None:
    known = occupancy(100)

    known.freed(7, at(-1))

    assert known.live == 1


def test_a_lapsed_session_nobody_has_looked_at_yet_was_counted() -> None:
    known = occupancy(5, 100)

    known.freed(0, at(5))

    assert known.live == 1


def test_s12_slots_above_a_lowered_cap_are_not_claimed() -> None:
    known = occupancy(lapsed={4, 7})

    assert known.claimable(cap=8) == 4
    assert known.claimable(cap=4) is None


def test_the_earliest_free_seat_is_the_first_that_can_lapse() -> None:
    assert occupancy(7, 4, 100).earliest_free() == at(4)
    assert occupancy(100).earliest_free() == NOW + HORIZON


@given(
    ends=st.lists(st.integers(1, 30), max_size=8),
    freed=st.sets(st.integers(0, 7)),
    look_at=st.integers(0, 9),
)
def test_s1_s3_the_count_known_by_heart_is_the_count_of_everything(
    ends: list[int], freed: set[int], look_at: int
) -> None:
    known = occupancy(*ends)
    gone = {slot for slot in freed if slot < len(ends)}

    for slot in gone:
        known.freed(slot, at(ends[slot]))
    while (slot_due := known.next_due(at(look_at))) is not None:
        if slot_due not in gone:
            known.found_lapsed(slot_due)

    counted = [end for slot, end in enumerate(ends) if slot not in gone and end > look_at]
    assert known.live == len(counted)
