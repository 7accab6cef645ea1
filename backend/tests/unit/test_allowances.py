"""What one process knows of who used how much; bounded, and never looser for what it hears."""

import pytest

from soft_state.allowances import Allowances
from soft_state.errors import RateLimited
from soft_state.rules import MOST_DEBT_SECONDS, limit

OF_LICENSE = limit("license", 60)  # a second each
NOON = 43_200.0


def take(allowances: Allowances, calls: int, subject: str = "alice", now: float = NOON) -> int:
    """Ask for some calls and return how many were taken."""
    taken = 0
    for _ in range(calls):
        try:
            allowances.take(OF_LICENSE, subject, now)
        except RateLimited:
            continue
        taken += 1
    return taken


def test_each_subject_has_a_quota_of_its_own() -> None:
    allowances = Allowances()

    assert take(allowances, 100) == 60
    assert take(allowances, 100, "bob") == 60


def test_who_is_refused_is_told_when_the_next_call_is_taken() -> None:
    allowances = Allowances()
    take(allowances, 60)

    with pytest.raises(RateLimited) as refused:
        allowances.take(OF_LICENSE, "alice", NOON + 0.25)

    assert refused.value.wait_seconds == pytest.approx(0.75)
    assert take(allowances, 1, now=NOON + 1) == 1


def test_s17_subjects_are_forgotten_when_their_quota_is_whole_again() -> None:
    allowances = Allowances()

    for number in range(50_000):
        allowances.take(OF_LICENSE, f"session-{number}", NOON + number)

    assert len(allowances) <= 1_024


def test_s17_a_flood_of_subjects_ends_at_the_bound_and_refuses_nobody() -> None:
    allowances = Allowances(most=1_000, is_shared=True)

    taken = sum(take(allowances, 1, f"session-{number}") for number in range(50_000))

    assert taken == 50_000
    assert len(allowances) <= 1_024
    assert len(allowances.drain(10**6)) <= 2_048


def test_what_happened_already_is_counted_past_the_limit_up_to_a_bound() -> None:
    allowances = Allowances()

    over = [allowances.charge(OF_LICENSE, "range", NOON) for _ in range(1_000)]

    assert over[:60] == [0.0] * 60
    assert over[60:63] == pytest.approx([1.0, 2.0, 3.0])
    assert max(over) <= MOST_DEBT_SECONDS


def test_what_was_used_is_handed_over_once() -> None:
    allowances = Allowances(is_shared=True)
    take(allowances, 3)
    take(allowances, 1, "bob")

    assert allowances.drain(1) == {"alice": 3.0}
    assert allowances.drain(10) == {"bob": 1.0}
    assert allowances.drain(10) == {}


def test_what_others_used_is_taken_off() -> None:
    allowances = Allowances(is_shared=True)
    take(allowances, 10)
    allowances.drain(10)
    take(allowances, 5)

    allowances.learn({"alice": 40.0}, NOON)  # 10 of these were ours

    assert take(allowances, 100) == 15


def test_nothing_heard_makes_a_limit_looser() -> None:
    allowances = Allowances(is_shared=True)
    take(allowances, 60)
    allowances.drain(10)

    allowances.learn({"alice": 0.0}, NOON)  # as after a flush

    assert take(allowances, 1) == 0


def test_nothing_heard_shuts_a_subject_out_for_longer_than_the_bound() -> None:
    allowances = Allowances(is_shared=True)
    take(allowances, 60)

    allowances.learn({"alice": MOST_DEBT_SECONDS}, NOON)

    assert take(allowances, 1, now=NOON + MOST_DEBT_SECONDS) == 1
