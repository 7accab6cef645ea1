"""The server is killed and comes back; everybody asks for a renewal at once, and again till it is.

Who kills it is the command that runs this scenario.
"""

import random
import time

from locust import task

from benchmarks.load.clients import Device

_INTERVAL_SECONDS = 2.0
_FIRST_BACK_OFF_SECONDS = 0.1


class Survivor(Device):
    """Beats when everybody does; after a failure it backs off with full jitter, as the SDK does."""

    _tries = 0

    def on_start(self) -> None:
        """Take a seat."""
        super().on_start()
        self.acquire()

    def wait_time(self) -> float:
        """Return the time to the common instant, or to the next try."""
        if self._tries:
            longest: float = min(_FIRST_BACK_OFF_SECONDS * 2**self._tries, _INTERVAL_SECONDS / 2)
            return random.random() * longest
        return _INTERVAL_SECONDS - time.monotonic() % _INTERVAL_SECONDS

    @task
    def beat(self) -> None:
        """Beat, or try again to get in."""
        status = self.renew() if self.session else self.acquire()
        self._tries = 0 if status in self.right else self._tries + 1
