"""Children that end with their parent, even when it is killed. Linux only; elsewhere they stay."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from typing import Final

_PR_SET_PDEATHSIG: Final = 1  # prctl(2)
_LIBC: Final = ctypes.CDLL(None) if sys.platform == "linux" else None


def signal_on_parent_death(number: signal.Signals) -> Callable[[], None]:
    """Return a ``preexec_fn`` for a child that shall get a signal when we are gone.

    For the kernel the parent is the thread that starts the child, not the process.
    """
    return partial(_ask_for_signal, number, os.getpid())


def _ask_for_signal(number: signal.Signals, parent: int) -> None:
    if _LIBC is None:
        return
    _LIBC.prctl(_PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:  # it was gone before the kernel was asked
        os._exit(1)
