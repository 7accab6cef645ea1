"""What a limit takes and what it refuses, decided without a clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soft_state.rules import NEVER, WINDOW_SECONDS, address_range, decide, limit
from tests.support.patience import patience

NOON = 43_200.0


def taken_at(instants: list[float], per_minute: int) -> list[float]:
    """Return at which of some instants a call is taken."""
    due, taken = NEVER, []
    for now in sorted(instants):
        decision = decide(limit("license", per_minute), due, now)
        due = decision.due
        if not decision.wait_seconds:
            taken.append(now)
    return taken


@pytest.mark.parametrize("per_minute", [1, 7, 60, 600, 601, 999_983, 1_000_000])
def test_a_whole_minutes_quota_is_taken_at_once_and_not_one_more(per_minute: int) -> None:
    calls = min(per_minute, 2_000)
    of = limit("license", per_minute)
    due = NEVER if calls == per_minute else NOON + WINDOW_SECONDS - calls * of.interval_seconds

    waits = []
    for _ in range(calls + 1):
        decision = decide(of, due, NOON)
        due = decision.due
        waits.append(decision.wait_seconds)

    assert waits[:-1] == [0.0] * calls
    assert waits[-1] == pytest.approx(of.interval_seconds, abs=1e-6)


@patience()
@given(
    instants=st.lists(st.floats(min_value=0, max_value=600), max_size=200),
    per_minute=st.integers(min_value=1, max_value=30),
)
def test_in_any_time_no_more_is_taken_than_a_burst_and_what_has_filled_up_since(
    instants: list[float], per_minute: int
) -> None:
    taken = taken_at(instants, per_minute)

    for place, first in enumerate(taken):
        for count, last in enumerate(taken[place:], start=1):
            filled_up = (last - first) * per_minute / WINDOW_SECONDS
            assert count <= per_minute + filled_up + 1e-3


@patience()
@given(per_minute=st.integers(min_value=1, max_value=10_000), used=st.integers(0, 10_000))
def test_who_waits_as_long_as_told_is_taken(per_minute: int, used: int) -> None:
    of = limit("license", per_minute)
    due = NOON + used * of.interval_seconds

    refused = decide(of, due, NOON)

    assert not decide(of, due, NOON + refused.wait_seconds).wait_seconds


def test_a_refused_call_is_not_counted() -> None:
    of = limit("license", 1)
    due = decide(of, NEVER, NOON).due

    assert decide(of, due, NOON).due == due


def test_what_is_kept_back_is_there_for_others() -> None:
    of = limit("tenant", 10)
    due = NOON + 8 * of.interval_seconds

    assert decide(of, due, NOON, kept_back=0.2).wait_seconds > 0
    assert decide(of, due, NOON).wait_seconds == 0


def test_a_limit_of_nothing_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="at least one"):
        limit("license", 0)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/56"),
        ("2001:db8:1:2ff:3::4", "2001:db8:1:200::/56"),
        ("fe80::1%eth0", "fe80::/56"),
        ("", "unknown"),
        ("not an address", "unknown"),
        ("203.0.113.77:443", "unknown"),
    ],
)
def test_the_range_of_an_address(address: str, expected: str) -> None:
    assert address_range(address) == expected
