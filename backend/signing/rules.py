"""How a signer that is far away is asked: how often, how long, and when not at all.

Pure: every instant is an argument, in seconds on a clock that never jumps.
"""

import enum
from dataclasses import dataclass, replace
from typing import Final

RETRIED: Final = frozenset(
    {"unavailable", "deadline_exceeded", "resource_exhausted", "aborted", "internal"}
)
"""The answers after which asking again may help at once.

Never permission_denied, failed_precondition, not_found, invalid_argument: a person has to act.
"""

MISMATCHES: Final = frozenset(
    {
        "another_key",
        "digest_not_verified",
        "signature_damaged",
        "signature_wrong",
        "public_key_damaged",
    }
)
"""An answer that did not come whole, or not from the key that was asked. It may next time."""


def may_help_to_repeat(reason: str) -> bool:
    """Return whether the same attempt may succeed when it is made again at once."""
    return reason in RETRIED or reason in MISMATCHES


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt: how long to pause before it, and how long it may take."""

    pause_seconds: float
    deadline_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How much one call may cost: attempts, seconds for each, seconds in all, pauses included.

    The pause before attempt n + 1 is drawn between a half and the whole of
    ``first_pause_seconds * 2 ** (n - 1)``, so that callers refused together do not come together.
    """

    attempts: int
    attempt_seconds: float
    total_seconds: float
    first_pause_seconds: float
    least_seconds: float
    """An attempt that could not take as long as this is not begun."""

    def next_attempt(self, *, made: int, spent_seconds: float, draw: float) -> Attempt | None:
        """Return the attempt to make after ``made`` of them, or None when the budget is used up.

        ``draw`` is a number from 0 to 1.
        """
        if made >= self.attempts:
            return None
        pause_seconds = self._pause_seconds(made, draw)
        left_seconds = self.total_seconds - spent_seconds - pause_seconds
        if left_seconds < self.least_seconds:
            return None
        return Attempt(pause_seconds, min(self.attempt_seconds, left_seconds))

    def _pause_seconds(self, made: int, draw: float) -> float:
        if made == 0:
            return 0.0
        return self.first_pause_seconds * 2.0 ** (made - 1) * (1 + draw) / 2


class BreakerState(enum.Enum):
    """What a breaker does with the next call. The numbers are those of the metric."""

    CLOSED = 0
    HALF_OPEN = 1
    OPEN = 2


FAILURES_TO_OPEN: Final = 3
OPEN_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Breaker:
    """Spares callers the waiting for a signer that fails, and the signer their calls.

    Three failed calls in a row open it for five seconds. Then it is half open: one call, the probe,
    is let through; its success closes the breaker, its failure opens it anew. Calls carry the
    ``epoch`` they began in, so that one which began before the breaker opened cannot close it.
    """

    epoch: int = 0
    failures: int = 0
    opened_at: float | None = None
    is_probing: bool = False

    def state(self, now: float) -> BreakerState:
        """Return the state at ``now``."""
        if self.opened_at is None:
            return BreakerState.CLOSED
        if now - self.opened_at < OPEN_SECONDS:
            return BreakerState.OPEN
        return BreakerState.HALF_OPEN

    def admits(self, now: float) -> bool:
        """Return whether a call may begin at ``now``."""
        state = self.state(now)
        return state is BreakerState.CLOSED or (
            state is BreakerState.HALF_OPEN and not self.is_probing
        )

    def begun(self, now: float) -> "Breaker":
        """Return the breaker once an admitted call has begun; its ``epoch`` is the call's."""
        if self.state(now) is BreakerState.CLOSED:
            return self
        return replace(self, epoch=self.epoch + 1, is_probing=True)

    def ended(self, epoch: int, now: float, *, succeeded: bool) -> "Breaker":
        """Return the breaker once a call that began in ``epoch`` has ended."""
        if epoch != self.epoch:
            return self
        if succeeded:
            return Breaker(epoch=self.epoch)
        failures = self.failures + 1
        if failures < FAILURES_TO_OPEN and not self.is_probing:
            return replace(self, failures=failures)
        return Breaker(epoch=self.epoch + 1, failures=failures, opened_at=now)

    def seconds_until_probe(self, now: float) -> float:
        """Return how long it stays open; 0 when a call may begin, or when the probe is out."""
        if self.opened_at is None:
            return 0.0
        return max(0.0, self.opened_at + OPEN_SECONDS - now)


MOST_WAITING_IN_TROUBLE_SECONDS: Final = 0.15
"""What a caller may have waited for its turn once the signer is in trouble.

With the 0.8 s that a call may take then, nobody waits more than a second.
"""


def is_trouble(began_at: float, ended_well_at: float) -> bool:
    """Return whether a piece of work that fails, or takes long, says something of the signer.

    Not when another one ended well and in time since it began, at ``ended_well_at``: then the
    machine, or the one connection, was busy, and those who wait do not wait in vain.
    """
    return ended_well_at < began_at


def may_wait_on(waited_seconds: float, *, in_trouble: bool) -> bool:
    """Return whether a caller goes on waiting for its turn to sign.

    While signatures come, as long as it takes: the length of the queue bounds it. In trouble
    nobody adds much waiting to a call that may hang in its turn.
    """
    return not in_trouble or waited_seconds < MOST_WAITING_IN_TROUBLE_SECONDS
