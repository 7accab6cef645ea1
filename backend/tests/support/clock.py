"""A clock that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta

START = datetime(2030, 1, 1, 12, tzinfo=UTC)


class ManualClock:
    """A lease clock in the hands of a test; it can be called like ``foundation.clock``."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        """Move on, or back when negative."""
        self.now += timedelta(seconds=seconds)

    @property
    def milliseconds(self) -> int:
        """How many milliseconds have passed since the tests' day began."""
        return (self.now - START) // timedelta(milliseconds=1)
