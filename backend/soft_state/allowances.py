"""How much of its limits each subject has used, as one process knows it. Pure, bounded."""

import threading
from itertools import islice
from typing import Final

from soft_state.errors import RateLimited
from soft_state.rules import MOST_DEBT_SECONDS, NEVER, Limit, decide

MOST_SUBJECTS: Final = 100_000
"""About 20 MB. Past it the oldest half is forgotten, so limits loosen and nobody is refused."""

_FEWEST_SWEPT: Final = 1_024


class Allowances:
    """The state of limits by subject; for any thread.

    A subject is forgotten soon after its quota is whole again (S17). With ``is_shared``,
    :meth:`drain` gives what was used since it was last asked, for the other processes.
    """

    def __init__(self, *, is_shared: bool = False, most: int = MOST_SUBJECTS) -> None:
        self._due: dict[str, float] = {}
        self._used: dict[str, float] = {}
        self._is_shared = is_shared
        self._most = most
        self._sweep_at = _FEWEST_SWEPT
        self._lock = threading.Lock()  # both planes count here, each in threads of its own

    def __len__(self) -> int:
        """Return how many subjects are remembered."""
        return len(self._due)

    def take(self, limit: Limit, subject: str, now: float, *, kept_back: float = 0.0) -> None:
        """Count one call of a subject, or raise RateLimited and count nothing."""
        with self._lock:
            decision = decide(limit, self._due.get(subject, NEVER), now, kept_back=kept_back)
            if not decision.wait_seconds:
                self._note(limit, subject, decision.due, now)
                return
        raise RateLimited(
            limit.name, per_minute=limit.per_minute, wait_seconds=decision.wait_seconds
        )

    def wait_seconds(self, limit: Limit, subject: str, now: float) -> float:
        """Return how long until a call of a subject would be taken, 0 for now; count nothing."""
        return decide(limit, self._due.get(subject, NEVER), now).wait_seconds

    def charge(self, limit: Limit, subject: str, now: float) -> float:
        """Count what has happened already; return how many seconds over the limit that is."""
        with self._lock:
            due = self._due.get(subject, NEVER)
            decision = decide(limit, due, now)
            after = min(max(due, now) + limit.interval_seconds, now + MOST_DEBT_SECONDS)
            self._note(limit, subject, after, now)
        return decision.wait_seconds

    def drain(self, most: int) -> dict[str, float]:
        """Return and forget up to ``most`` subjects with the seconds each used since last asked."""
        with self._lock:
            if len(self._used) <= most:
                drained, self._used = self._used, {}
                return drained
            return {one: self._used.pop(one) for one in tuple(islice(self._used, most))}

    def learn(self, debts: dict[str, float], now: float) -> None:
        """Take in what all processes together used: seconds until each quota is whole again.

        Nothing learned makes a limit looser than this process alone would have it.
        """
        with self._lock:
            for subject, debt_seconds in debts.items():
                due = now + debt_seconds + self._used.get(subject, 0.0)
                if due > self._due.get(subject, NEVER):
                    self._due[subject] = min(due, now + MOST_DEBT_SECONDS)

    def _note(self, limit: Limit, subject: str, due: float, now: float) -> None:
        self._due[subject] = due
        if self._is_shared:
            self._used[subject] = self._used.get(subject, 0.0) + limit.interval_seconds
        if len(self._due) >= self._sweep_at:
            self._sweep(now)

    def _sweep(self, now: float) -> None:
        """Forget whose quota is whole; the next sweep comes when as many again were added."""
        self._due = {subject: due for subject, due in self._due.items() if due > now}
        if len(self._due) > self._most // 2:
            self._due = dict(list(self._due.items())[-self._most // 2 :])
        if len(self._used) > self._most:
            self._used.clear()
        self._sweep_at = max(_FEWEST_SWEPT, 2 * len(self._due))
