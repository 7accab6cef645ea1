"""One breaker for all threads of a process."""

import logging
import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from signing.errors import SigningUnavailable
from signing.rules import Breaker, BreakerState

_log = logging.getLogger(__name__)

BREAKER_OPEN = "breaker_open"
"""The reason of a call that was refused without an attempt."""


class SharedBreaker:
    """Applies the rule of :class:`signing.rules.Breaker` to calls in any thread."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._breaker = Breaker()
        self._changing = threading.Lock()

    @contextmanager
    def call(self) -> Iterator[None]:
        """Run one call; it has failed when it raises.

        Raises SigningUnavailable at once, without running it, while the breaker is open.
        """
        epoch = self._begun()
        succeeded = False
        try:
            yield
            succeeded = True
        finally:
            self._ended(epoch, succeeded=succeeded)

    def state(self) -> BreakerState:
        """Return the state of this moment."""
        return self._breaker.state(self._clock())

    def _begun(self) -> int:
        with self._changing:
            now = self._clock()
            if not self._breaker.admits(now):
                raise SigningUnavailable(
                    "the breaker is open",
                    retry_after_seconds=max(1, math.ceil(self._breaker.seconds_until_probe(now))),
                    reason=BREAKER_OPEN,
                )
            self._breaker = self._breaker.begun(now)
            return self._breaker.epoch

    def _ended(self, epoch: int, *, succeeded: bool) -> None:
        with self._changing:
            before = self._breaker
            self._breaker = before.ended(epoch, self._clock(), succeeded=succeeded)
            was_closed, is_closed = before.opened_at is None, self._breaker.opened_at is None
        if was_closed and not is_closed:
            _log.error("the breaker opens: %d calls failed in a row", self._breaker.failures)
        elif is_closed and not was_closed:
            _log.warning("the breaker closes: a call succeeded")
