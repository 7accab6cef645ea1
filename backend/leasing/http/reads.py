"""Reads of the database that block, kept off the event loop."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

from django.db import OperationalError, close_old_connections

from leasing.errors import StoreUnavailable

_log = logging.getLogger(__name__)

_Answer = TypeVar("_Answer")
_Arguments = ParamSpec("_Arguments")


async def read_in_thread(
    read: Callable[_Arguments, _Answer], *arguments: _Arguments.args, **options: _Arguments.kwargs
) -> _Answer:
    """Return what a blocking read returns, run in a worker thread that keeps no connection.

    One that a thread kept would be one more for each thread, and dead after the database was away.
    Raises what it raises, and StoreUnavailable when the database is away: then nobody can tell
    a good credential from a bad one.
    """
    try:
        return await asyncio.to_thread(_read_and_hang_up, partial(read, *arguments, **options))
    except OperationalError as error:
        _log.error("the database is unavailable: %s", error)
        raise StoreUnavailable("the database is unavailable") from error


def _read_and_hang_up(read: Callable[[], _Answer]) -> _Answer:
    try:
        return read()
    finally:
        close_old_connections()
