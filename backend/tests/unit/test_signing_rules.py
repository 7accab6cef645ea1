"""How often a far signer is asked, for how long, and when not at all: pure rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signing.kms_service import SIGNING
from signing.rules import (
    FAILURES_TO_OPEN,
    OPEN_SECONDS,
    Attempt,
    Breaker,
    BreakerState,
    may_help_to_repeat,
    may_wait_on,
)

NOON = 1_000.0


def failed(breaker: Breaker, times: int, now: float = NOON) -> Breaker:
    for _ in range(times):
        breaker = breaker.begun(now)
        breaker = breaker.ended(breaker.epoch, now, succeeded=False)
    return breaker


@pytest.fixture
def opened() -> Breaker:
    return failed(Breaker(), FAILURES_TO_OPEN)


class TestRepeating:
    @pytest.mark.parametrize(
        "reason",
        [
            "unavailable",
            "deadline_exceeded",
            "resource_exhausted",
            "aborted",
            "internal",
            "another_key",
            "digest_not_verified",
            "signature_damaged",
            "signature_wrong",
            "public_key_damaged",
        ],
    )
    def test_helps_where_the_way_was_bad_or_the_service_busy(self, reason: str) -> None:
        assert may_help_to_repeat(reason)

    @pytest.mark.parametrize(
        "reason",
        [
            "permission_denied",
            "failed_precondition",
            "not_found",
            "invalid_argument",
            "unauthenticated",
            "unimplemented",
            "unknown",
            "no_credentials",
        ],
    )
    def test_helps_never_where_a_person_has_to_act(self, reason: str) -> None:
        assert not may_help_to_repeat(reason)


class TestBudget:
    def test_the_first_attempt_begins_at_once_and_may_take_400_ms(self) -> None:
        assert SIGNING.next_attempt(made=0, spent_seconds=0, draw=0.5) == Attempt(0.0, 0.4)

    def test_after_an_attempt_that_hung_what_is_left_is_the_deadline(self) -> None:
        attempt = SIGNING.next_attempt(made=1, spent_seconds=0.4, draw=1.0)

        assert attempt is not None
        assert attempt.pause_seconds == pytest.approx(0.05)
        assert attempt.deadline_seconds == pytest.approx(0.35)

    def test_three_attempts_are_all(self) -> None:
        assert SIGNING.next_attempt(made=2, spent_seconds=0.1, draw=0) is not None
        assert SIGNING.next_attempt(made=3, spent_seconds=0.1, draw=0) is None

    def test_no_attempt_is_begun_that_has_no_time(self) -> None:
        assert SIGNING.next_attempt(made=1, spent_seconds=0.74, draw=0) is None

    @given(
        made=st.integers(0, 5),
        spent_seconds=st.floats(0, 2),
        draw=st.floats(0, 1),
    )
    def test_s17_pauses_and_attempts_never_take_longer_than_the_whole_budget(
        self, made: int, spent_seconds: float, draw: float
    ) -> None:
        attempt = SIGNING.next_attempt(made=made, spent_seconds=spent_seconds, draw=draw)

        if attempt is not None:
            end = spent_seconds + attempt.pause_seconds + attempt.deadline_seconds
            assert end <= SIGNING.total_seconds + 1e-9
            assert 0 < attempt.deadline_seconds <= SIGNING.attempt_seconds

    @pytest.mark.parametrize("made", [1, 2])
    def test_pauses_are_drawn_between_a_half_and_the_whole(self, made: int) -> None:
        pauses = [
            attempt.pause_seconds
            for draw in (0.0, 0.5, 1.0)
            if (attempt := SIGNING.next_attempt(made=made, spent_seconds=0, draw=draw))
        ]

        whole = SIGNING.first_pause_seconds * made
        assert pauses == pytest.approx([whole / 2, whole * 0.75, whole])


class TestBreaker:
    def test_three_failures_in_a_row_open_it(self) -> None:
        assert failed(Breaker(), 2).state(NOON) is BreakerState.CLOSED
        assert failed(Breaker(), 3).state(NOON) is BreakerState.OPEN

    def test_a_success_between_failures_counts_them_anew(self) -> None:
        breaker = failed(Breaker(), 2)
        breaker = breaker.ended(breaker.epoch, NOON, succeeded=True)

        assert failed(breaker, 2).state(NOON) is BreakerState.CLOSED

    def test_open_it_admits_nobody_for_five_seconds(self, opened: Breaker) -> None:
        assert not opened.admits(NOON)
        assert not opened.admits(NOON + OPEN_SECONDS - 0.001)
        assert opened.seconds_until_probe(NOON + 2) == OPEN_SECONDS - 2

    def test_then_it_admits_exactly_one_call(self, opened: Breaker) -> None:
        later = NOON + OPEN_SECONDS

        assert opened.state(later) is BreakerState.HALF_OPEN
        assert opened.admits(later)
        assert not opened.begun(later).admits(later)
        assert not opened.begun(later).admits(later + 3600)

    def test_a_probe_that_succeeds_closes_it(self, opened: Breaker) -> None:
        probing = opened.begun(NOON + OPEN_SECONDS)

        closed = probing.ended(probing.epoch, NOON + OPEN_SECONDS, succeeded=True)

        assert closed.state(NOON + OPEN_SECONDS) is BreakerState.CLOSED
        assert failed(closed, 2).state(NOON + OPEN_SECONDS) is BreakerState.CLOSED

    def test_a_probe_that_fails_opens_it_for_as_long_again(self, opened: Breaker) -> None:
        later = NOON + OPEN_SECONDS
        probing = opened.begun(later)

        again = probing.ended(probing.epoch, later, succeeded=False)

        assert again.state(later + OPEN_SECONDS - 0.001) is BreakerState.OPEN
        assert again.admits(later + OPEN_SECONDS)

    @pytest.mark.parametrize("succeeded", [True, False])
    def test_a_call_that_began_before_it_opened_changes_nothing(
        self, opened: Breaker, succeeded: bool
    ) -> None:
        before = Breaker().begun(NOON).epoch

        assert opened.ended(before, NOON + 1, succeeded=succeeded) == opened
        probing = opened.begun(NOON + OPEN_SECONDS)
        assert probing.ended(before, NOON + OPEN_SECONDS, succeeded=succeeded) == probing

    @given(st.lists(st.tuples(st.sampled_from(["begin", "end"]), st.booleans(), st.floats(0, 3))))
    def test_whatever_happens_a_breaker_that_is_not_closed_lets_one_call_out_at_most(
        self, steps: list[tuple[str, bool, float]]
    ) -> None:
        breaker, now, out = Breaker(), NOON, list[int]()
        for deed, succeeded, passes in steps:
            now += passes
            if deed == "begin" and breaker.admits(now):
                breaker = breaker.begun(now)
                out.append(breaker.epoch)
            elif deed == "end" and out:
                breaker = breaker.ended(out.pop(), now, succeeded=succeeded)
            if breaker.state(now) is not BreakerState.CLOSED:
                assert out.count(breaker.epoch) <= 1


@pytest.mark.parametrize(
    ("waited_seconds", "in_trouble", "goes_on"),
    [(0.0, False, True), (60.0, False, True), (0.1, True, True), (0.15, True, False)],
)
def test_waiting_ends_early_in_trouble_alone(
    waited_seconds: float, in_trouble: bool, goes_on: bool
) -> None:
    assert may_wait_on(waited_seconds, in_trouble=in_trouble) is goes_on
