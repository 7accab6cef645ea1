"""When a lease is renewed, at risk, or lost. Pure: time and chance are arguments.

All times are seconds of the boot clock. `dice` is a number from 0 up to 1. Whoever drives a lease
(a thread, an asyncio task, a test) asks `wake_at`, waits, does the step, and hands the outcome in.
"""

import enum
from dataclasses import dataclass, replace
from typing import Final

DEFAULT_INTERVAL_SECONDS: Final = 120.0  # design/leasing.md; every grant states its own
BACK_OFF_BASE_SECONDS: Final = 1.0
JITTER: Final = 0.1  # plus or minus, so that a fleet started at once spreads out
MIN_PAUSE_SECONDS: Final = 1.0  # a server that says "at once" is asked once a second
_MAX_DOUBLINGS: Final = 20


class LeaseState(enum.Enum):
    """How a lease stands.

    HELD: in force. AT_RISK: still in force, but renewal is failing. LOST: not in force; the keeper
    may be trying to get a seat again. RELEASED: given back. FORKED: seen from a child process.
    """

    HELD = "held"
    AT_RISK = "at_risk"
    LOST = "lost"
    RELEASED = "released"
    FORKED = "forked"


class Step(enum.Enum):
    """What is tried next. REINSTATE is a renewal that shows the proof to a forgetful server."""

    ACQUIRE = "acquire"
    RENEW = "renew"
    REINSTATE = "reinstate"


class Event(enum.Enum):
    """What a program is told."""

    RENEWED = "renewed"
    AT_RISK = "at_risk"
    LOST = "lost"
    RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class Window:
    """The time a proof covers: from the sending of its request to its end."""

    sent_at: float
    ends_at: float

    @property
    def half_at(self) -> float:
        """The middle: a proof should not get older."""
        return (self.sent_at + self.ends_at) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Where a lease stands and what comes next. `attempt_at` None: nothing more is tried.

    `refused`: the license itself was refused; the lease runs to its end and is not sought again.
    """

    state: LeaseState
    step: Step
    attempt_at: float | None
    interval_seconds: float = DEFAULT_INTERVAL_SECONDS
    window: Window | None = None
    failures: int = 0
    refused: bool = False


def seeking(now: float) -> Plan:
    """Begin a lease that is not held yet."""
    return Plan(state=LeaseState.LOST, step=Step.ACQUIRE, attempt_at=now)


def resumed(window: Window, now: float) -> Plan:
    """Begin with a kept proof; going online is tried at once."""
    return Plan(state=LeaseState.HELD, step=Step.ACQUIRE, attempt_at=now, window=window)


def granted(*, window: Window, interval_seconds: float, next_seconds: float, dice: float) -> Plan:
    """Plan after a proof was verified.

    The next renewal is `next_seconds` after the sending, give or take a tenth, and never later than
    two thirds into the window: a server's slip must not cost the seat.
    """
    latest = (window.ends_at - window.sent_at) * 2 / 3
    pause = min(_pause_seconds(next_seconds, dice), latest)
    return Plan(
        state=LeaseState.HELD,
        step=Step.RENEW,
        attempt_at=window.sent_at + pause,
        interval_seconds=interval_seconds,
        window=window,
    )


def honored(plan: Plan) -> Plan:
    """Plan after a renewal that moved nothing: the server honors the proof to its own end.

    After a restore the seat may be somebody else's; the next thing to ask for is another one. Where
    only the license ends, that answers the same session.
    """
    return replace(plan, step=Step.ACQUIRE)


def acknowledged(
    plan: Plan, *, sent_at: float, interval_seconds: float, next_seconds: float, dice: float
) -> Plan:
    """Plan after a renewal that needed no new proof: the window stays."""
    return replace(
        plan,
        step=Step.RENEW,
        attempt_at=sent_at + _pause_seconds(next_seconds, dice),
        interval_seconds=interval_seconds,
        failures=0,
    )


def failed(plan: Plan, *, now: float, retry_after_seconds: float | None, dice: float) -> Plan:
    """Plan after a passing failure: network, overload, an unreadable answer.

    The server's wish is honoured, but never past half of what is left of the lease; without one,
    full jitter up to half the heartbeat interval (design/leasing.md, Time).
    """
    failures = plan.failures + 1
    if retry_after_seconds is None:
        delay = back_off_seconds(failures, cap_seconds=plan.interval_seconds / 2, dice=dice)
    else:
        delay = max(retry_after_seconds, MIN_PAUSE_SECONDS) * (1 + JITTER * dice)
    if plan.window is not None:
        delay = min(delay, max((plan.window.ends_at - now) / 2, MIN_PAUSE_SECONDS))
    return passed(replace(plan, failures=failures, attempt_at=now + delay), now=now)


def refused(plan: Plan, *, now: float) -> Plan:
    """Plan after the license was refused (403, or 404 to an acquire).

    A lease in force runs to its end and is asked for at every interval: its owner may reinstate the
    license. Without one nothing more is tried.
    """
    if plan.window is None:
        return replace(plan, state=LeaseState.LOST, attempt_at=None, refused=True)
    after = replace(
        plan, state=LeaseState.AT_RISK, attempt_at=now + plan.interval_seconds, refused=True
    )
    return passed(after, now=now)


def unknown(plan: Plan, *, now: float) -> Plan:
    """Plan after the server did not know the session (404 to a renewal).

    Once the proof is shown (design/leasing.md, Reinstatement); then the seat counts as lost.
    """
    if plan.step is Step.RENEW:
        return passed(replace(plan, step=Step.REINSTATE, attempt_at=now), now=now)
    return lost(plan, now=now)


def lost(plan: Plan, *, now: float) -> Plan:
    """Plan after the server ended the lease (410): seek a new one at once."""
    return replace(
        plan,
        state=LeaseState.LOST,
        step=Step.ACQUIRE,
        attempt_at=now,
        window=None,
        failures=0,
    )


def passed(plan: Plan, *, now: float) -> Plan:
    """Let time act: half a window without success is a risk, its end a loss."""
    if plan.window is None:
        return plan
    if now >= plan.window.ends_at:
        return replace(
            plan,
            state=LeaseState.LOST,
            step=Step.ACQUIRE,
            attempt_at=None if plan.refused else plan.attempt_at,
            window=None,
        )
    if plan.failures and now >= plan.window.half_at:
        return replace(plan, state=LeaseState.AT_RISK)
    return plan


def wake_at(plan: Plan) -> float | None:
    """Say when the plan has to be looked at again; None: never."""
    moments = [] if plan.attempt_at is None else [plan.attempt_at]
    if plan.window is not None:
        moments.append(plan.window.ends_at)
        if plan.failures and plan.state is LeaseState.HELD:
            moments.append(plan.window.half_at)
    return min(moments, default=None)


def is_due(plan: Plan, *, now: float) -> bool:
    """Say whether the step is to be tried now."""
    return plan.attempt_at is not None and now >= plan.attempt_at


def needs_proof(plan: Plan, *, now: float) -> bool:
    """Say whether a renewal should bring a new signed proof.

    Yes if by the next renewal the held one would be past its half: so whenever an outage begins, at
    least half a window is left. Long leases then renew many times on one signature.
    """
    if plan.window is None or plan.failures or plan.refused:
        return True
    return now + plan.interval_seconds > plan.window.half_at


def event_between(before: Plan, after: Plan) -> Event | None:
    """Name what a program should be told of a change of plan."""
    if after.state is LeaseState.HELD:
        if before.state is LeaseState.LOST:
            return Event.RESTORED
        return Event.RENEWED if after.window != before.window else None
    if after.state is before.state:
        return None
    return {LeaseState.AT_RISK: Event.AT_RISK, LeaseState.LOST: Event.LOST}.get(after.state)


def back_off_seconds(failures: int, *, cap_seconds: float, dice: float) -> float:
    """Draw the pause after that many failures: full jitter, base 1 s, capped."""
    doubled = BACK_OFF_BASE_SECONDS * 2.0 ** min(failures - 1, _MAX_DOUBLINGS)
    return min(doubled, cap_seconds) * dice


def _pause_seconds(next_seconds: float, dice: float) -> float:
    return max(next_seconds * (1 - JITTER + 2 * JITTER * dice), MIN_PAUSE_SECONDS)
