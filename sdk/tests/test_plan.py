"""When a lease is renewed, at risk, lost: every case of the plan, without a clock."""

import pytest

from coditect_license_sdk import _plan
from coditect_license_sdk._plan import Event, LeaseState, Plan, Step, Window

WINDOW = Window(0.0, 360.0)


def held(**changes: object) -> Plan:
    facts: dict[str, object] = {
        "state": LeaseState.HELD,
        "step": Step.RENEW,
        "attempt_at": 120.0,
        "interval_seconds": 120.0,
        "window": WINDOW,
    }
    return Plan(**(facts | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("next_seconds", "dice", "attempt_at"),
    [
        (120.0, 0.5, 120.0),
        (120.0, 0.0, 108.0),
        (120.0, 1.0, 132.0),
        (0.0, 0.5, 1.0),  # "at once" means once a second
        (9_999.0, 0.5, 240.0),  # a server's slip must not cost the seat
    ],
)
def test_the_next_heartbeat_is_when_the_server_says_give_or_take_a_tenth(
    next_seconds: float, dice: float, attempt_at: float
) -> None:
    plan = _plan.granted(
        window=WINDOW, interval_seconds=120.0, next_seconds=next_seconds, dice=dice
    )

    assert plan.attempt_at == pytest.approx(attempt_at)
    assert plan.state is LeaseState.HELD


@pytest.mark.parametrize(
    ("failures", "dice", "delay"),
    [(1, 1.0, 1.0), (2, 1.0, 2.0), (3, 1.0, 4.0), (3, 0.25, 1.0), (30, 1.0, 60.0), (9, 0.0, 0.0)],
)
def test_back_off_has_full_jitter_and_is_capped_at_half_the_interval(
    failures: int, dice: float, delay: float
) -> None:
    assert _plan.back_off_seconds(failures, cap_seconds=60.0, dice=dice) == delay


def test_a_failure_in_the_first_half_of_the_window_is_no_risk_yet() -> None:
    plan = _plan.failed(held(), now=120.0, retry_after_seconds=None, dice=0.5)

    assert plan.state is LeaseState.HELD
    assert _plan.wake_at(plan) == pytest.approx(120.5)


def test_failing_past_half_of_the_window_is_a_risk() -> None:
    plan = _plan.failed(held(), now=181.0, retry_after_seconds=None, dice=0.5)

    assert plan.state is LeaseState.AT_RISK


def test_a_failing_lease_is_looked_at_when_half_is_over_even_between_attempts() -> None:
    plan = _plan.failed(held(), now=120.0, retry_after_seconds=100.0, dice=0.0)

    assert _plan.wake_at(plan) == 180.0
    assert _plan.passed(plan, now=180.0).state is LeaseState.AT_RISK


@pytest.mark.parametrize("state", [LeaseState.HELD, LeaseState.AT_RISK])
def test_a_lease_ends_with_its_window_and_a_new_one_is_sought(state: LeaseState) -> None:
    plan = _plan.passed(held(state=state, failures=3, attempt_at=350.0), now=360.0)

    assert (plan.state, plan.step, plan.attempt_at) == (LeaseState.LOST, Step.ACQUIRE, 350.0)


def test_no_failure_loses_a_lease_before_its_end() -> None:
    plan = held()
    for now in range(120, 360):
        plan = _plan.failed(plan, now=float(now), retry_after_seconds=None, dice=0.9)
        assert plan.state is not LeaseState.LOST


@pytest.mark.parametrize(
    ("now", "wish", "attempt_at"),
    [
        (120.0, 30.0, 150.0),
        (120.0, 0.0, 121.0),
        (120.0, 3_600.0, 240.0),  # never past half of what is left
        (359.5, 3_600.0, 360.5),
    ],
)
def test_the_servers_wish_is_honoured_but_not_at_the_price_of_the_lease(
    now: float, wish: float, attempt_at: float
) -> None:
    plan = _plan.failed(held(), now=now, retry_after_seconds=wish, dice=0.0)

    assert plan.attempt_at == pytest.approx(attempt_at)


def test_without_a_lease_the_servers_wish_is_honoured_whole() -> None:
    plan = _plan.failed(_plan.seeking(0.0), now=0.0, retry_after_seconds=3_600.0, dice=0.0)

    assert plan.attempt_at == 3_600.0


def test_a_refused_license_is_a_risk_at_once_runs_to_its_end_and_is_not_sought_again() -> None:
    plan = _plan.refused(held(), now=120.0)
    over = _plan.passed(plan, now=360.0)

    assert (plan.state, plan.attempt_at) == (LeaseState.AT_RISK, 240.0)
    assert (over.state, over.attempt_at) == (LeaseState.LOST, None)
    assert _plan.wake_at(over) is None


def test_an_unknown_session_is_shown_its_proof_once_then_lost() -> None:
    shown = _plan.unknown(held(), now=120.0)
    gone = _plan.unknown(shown, now=121.0)

    assert (shown.step, shown.attempt_at, shown.state) == (Step.REINSTATE, 120.0, LeaseState.HELD)
    assert (gone.step, gone.attempt_at, gone.state) == (Step.ACQUIRE, 121.0, LeaseState.LOST)


def test_an_honored_proof_runs_on_while_another_seat_is_sought() -> None:
    plan = _plan.honored(held())

    assert (plan.state, plan.step, plan.window) == (LeaseState.HELD, Step.ACQUIRE, held().window)


def test_a_taken_lease_is_lost_at_once_and_sought_again() -> None:
    plan = _plan.lost(held(), now=130.0)

    assert (plan.state, plan.step, plan.attempt_at) == (LeaseState.LOST, Step.ACQUIRE, 130.0)


@pytest.mark.parametrize(
    ("plan", "now", "needed"),
    [
        (held(), 113.0, True),  # at the next beat, 233 s, the half would be past
        (held(window=Window(0.0, 86_400.0)), 120.0, False),
        (held(window=Window(0.0, 86_400.0)), 43_100.0, True),
        (held(window=Window(0.0, 86_400.0), failures=1), 120.0, True),
        (held(window=Window(0.0, 86_400.0), refused=True), 120.0, True),
        (_plan.seeking(0.0), 0.0, True),
    ],
)
def test_a_proof_is_renewed_before_it_is_past_its_half(
    plan: Plan, now: float, *, needed: bool
) -> None:
    assert _plan.needs_proof(plan, now=now) is needed


@pytest.mark.parametrize(
    ("before", "after", "event"),
    [
        (held(), held(window=Window(120.0, 480.0)), Event.RENEWED),
        (held(), held(), None),
        (held(), held(state=LeaseState.AT_RISK), Event.AT_RISK),
        (held(state=LeaseState.AT_RISK), held(state=LeaseState.AT_RISK), None),
        (held(), held(state=LeaseState.LOST, window=None), Event.LOST),
        (held(state=LeaseState.LOST, window=None), held(), Event.RESTORED),
    ],
)
def test_a_program_is_told_what_changed(before: Plan, after: Plan, event: Event | None) -> None:
    assert _plan.event_between(before, after) is event
