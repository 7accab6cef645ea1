"""The two clocks of a run: the loop's, which nobody can move, and the database's, which jumps."""

from datetime import datetime, timedelta

from tests.support.clock import START
from tests.support.simulation.virtual_loop import VirtualLoop


class DatabaseClock:
    """The clock that leases are decided by; it can be called like ``foundation.clock``."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        return START + self._ahead + timedelta(microseconds=round(self._loop.time() * 1e6))

    def jump(self, seconds: float) -> None:
        """Go forward, or back when negative."""
        self._ahead += timedelta(microseconds=round(seconds * 1e6))
