"""Waiting for evidence: a test looks again and again, and never trusts that time was enough."""

import time
from collections.abc import Callable
from typing import Final

_POLL_SECONDS: Final = 0.01


def until(
    condition: Callable[[], object],
    *,
    seconds: float = 10,
    failure: str = "it did not come to pass",
) -> None:
    """Return as soon as a condition holds. Raises AssertionError, which says ``failure``, if never.

    What the condition itself raises ends the waiting too.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, failure
        time.sleep(_POLL_SECONDS)
