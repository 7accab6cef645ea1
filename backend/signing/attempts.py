"""Attempts within a budget: what each failed of, and when to stop."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from foundation.clock import monotonic_seconds
from signing.rules import Budget, may_help_to_repeat

_RANDOM: Final = secrets.SystemRandom()

_T = TypeVar("_T")


class AttemptFailed(Exception):
    """One attempt that gave nothing: ``reason`` in one word, the rest for the log.

    It stays inside this room: who uses it raises an error of the tree in errors.py instead.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Time:
    """How attempts see time pass; a test's own never makes anybody wait."""

    clock: Callable[[], float] = monotonic_seconds
    pause: Callable[[float], None] = time.sleep
    draw: Callable[[], float] = _RANDOM.random


REAL_TIME: Final = Time()


def within(budget: Budget, attempt: Callable[[float], _T], time_: Time = REAL_TIME) -> _T:
    """Return what an attempt returns, made as often as the budget allows and it may help.

    ``attempt`` takes its deadline in seconds. Blocks. Raises AttemptFailed, the last one.
    """
    began_at = time_.clock()
    failure = AttemptFailed("deadline_exceeded", "no attempt was made")
    for made in range(budget.attempts):
        spent_seconds = time_.clock() - began_at
        plan = budget.next_attempt(made=made, spent_seconds=spent_seconds, draw=time_.draw())
        if plan is None:
            break
        time_.pause(plan.pause_seconds)
        try:
            return attempt(plan.deadline_seconds)
        except AttemptFailed as latest:
            failure = latest
        if not may_help_to_repeat(failure.reason):
            break
    raise failure
