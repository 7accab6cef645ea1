"""Seats given back at the end of a program, within a bound.

Always: at a normal exit (`sys.exit`, the end of the main module, an uncaught exception, and
KeyboardInterrupt, which is Python's own way of taking SIGINT). Not by default: on SIGTERM, whose
handler belongs to the program. `release_on_signals` chains one in front of what was there. After
SIGKILL or a power cut the server frees the seat when the lease lapses.
"""

import atexit
import os
import signal
import threading
import time
import types
import weakref
from collections.abc import Iterable
from typing import Any, Final, Protocol

from coditect_license_sdk.errors import ConfigurationError

RELEASE_SECONDS: Final = 2.0  # how long all releases together may hold up an exit


class Releasable(Protocol):
    """A lease that can begin its release without waiting for it."""

    def begin_release(self) -> threading.Thread | None:
        """Start, and return the thread that does it, or None when there is nothing to do."""


_leases: "weakref.WeakSet[Any]" = weakref.WeakSet()
_chained: set[int] = set()


def release_at_exit(lease: Releasable) -> None:
    """Have the lease released when the program ends."""
    _leases.add(lease)


def release_on_signals() -> None:
    """Also release on SIGTERM and SIGINT, then do what was done before.

    What the program installs later wins. Raises ConfigurationError outside the main thread, where
    Python allows no handlers.
    """
    if threading.current_thread() is not threading.main_thread():
        raise ConfigurationError("release_on_signals works in the main thread only")
    for number in (signal.SIGTERM, signal.SIGINT):
        if number not in _chained:
            _chain(number)


def release_all(leases: Iterable[Releasable], *, within_seconds: float = RELEASE_SECONDS) -> None:
    """Release leases side by side and wait at most that long for all of them."""
    deadline = time.monotonic() + within_seconds
    for thread in [lease.begin_release() for lease in leases]:
        if thread is not None:
            thread.join(max(0.0, deadline - time.monotonic()))


def _chain(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    if before is signal.SIG_IGN:
        return

    def release_first(received: int, frame: types.FrameType | None) -> None:
        release_all(list(_leases))
        if callable(before):
            before(received, frame)
        else:
            signal.signal(received, signal.SIG_DFL)
            os.kill(os.getpid(), received)

    signal.signal(number, release_first)
    _chained.add(number)


@atexit.register
def _release_the_rest() -> None:
    release_all(list(_leases))
