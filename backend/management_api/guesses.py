"""Who guesses at license keys waits, and nobody else does for it.

125 random bits need no such bound; it keeps the log quiet and the machine free. Counted in each
process for itself.
"""

import threading
from collections.abc import Callable
from typing import Final

from foundation.clock import monotonic_seconds
from soft_state.allowances import Allowances
from soft_state.errors import RateLimited
from soft_state.rules import limit

MOST_PER_MINUTE: Final = 20


class Guesses:
    """Counts unknown keys by who asked for them. Safe for threads."""

    def __init__(self, clock: Callable[[], float] = monotonic_seconds) -> None:
        self._clock = clock
        self._limit = limit("validate", MOST_PER_MINUTE)
        self._allowances = Allowances()
        self._turn = threading.Lock()

    def refuse_who_guesses(self, guesser: str) -> None:
        """Raise RateLimited for who has used up the guesses of this minute; counts nothing."""
        with self._turn:
            wait = self._allowances.wait_seconds(self._limit, guesser, self._clock())
        if wait:
            raise RateLimited(self._limit.name, per_minute=MOST_PER_MINUTE, wait_seconds=wait)

    def count(self, guesser: str) -> None:
        """Count one key that nobody has."""
        with self._turn:
            self._allowances.charge(self._limit, guesser, self._clock())


GUESSES: Final = Guesses()
"""The count of this process."""
