"""Small writes that nobody waits for: they are done after the answer, in turn."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from django.db import DatabaseError, connections

_log = logging.getLogger(__name__)

MOST_WAITING: Final = 1_000


class Afterwards:
    """One thread that does what it is given, each with a connection of its own.

    For writes that come again when they are lost: what does not fit is dropped, what the database
    refuses is logged, and a process that is killed loses what still waits. A process that ends in
    order does it first. Safe for threads.
    """

    def __init__(self, *, most: int = MOST_WAITING) -> None:
        self._places = threading.BoundedSemaphore(most)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="afterwards")

    def __call__(self, deed: Callable[[], None]) -> None:
        """Have a deed done soon, unless too many wait."""
        if self._places.acquire(blocking=False):
            self._thread.submit(self._do, deed)

    def finish(self) -> None:
        """Wait until all is done that was given. It takes no more then."""
        self._thread.shutdown()

    def _do(self, deed: Callable[[], None]) -> None:
        try:
            deed()
        except DatabaseError as error:
            _log.warning("a write after the answer was refused: %s", error)
        finally:
            connections.close_all()
            self._places.release()
