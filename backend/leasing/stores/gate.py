"""The write gate: who writes to one SQLite file, one at a time and in turn.

SQLite lets one writer in and makes the others poll, so a busy writer starves them: measured,
1,520 of 1,600 control-plane writes failed with "database is locked" beside a full load of
heartbeats (docs/adr/0004). Every writer of the file therefore passes this gate first: the
lease engine, Django's threads, and management commands in other processes.

Two advisory file locks make it fair. A writer holds the *turnstile* while it waits for the
*room*, so the one who just left the room lets the one at the turnstile in first: nobody starves,
though the order is not strictly first come, first served.
The kernel drops both locks when a process dies.
"""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self


class ServerAlreadyRunning(Exception):
    """Another server process works on this SQLite file; only one may."""


class WriteGate:
    """One connection's way through the gate of one database file.

    Not for sharing between threads: each connection has its own. Advisory locks are not kept
    over network file systems, where SQLite itself must not be used either.
    """

    def __init__(self, database: Path) -> None:
        self._turnstile = _open(database, "turnstile")
        self._room = _open(database, "gate")
        self.held = False

    def acquire(self) -> None:
        """Wait for this connection's turn, without a limit, and enter."""
        fcntl.flock(self._turnstile, fcntl.LOCK_EX)
        try:
            fcntl.flock(self._room, fcntl.LOCK_EX)
        finally:
            fcntl.flock(self._turnstile, fcntl.LOCK_UN)
        self.held = True

    def release(self) -> None:
        """Leave, and let the next writer in; nothing happens when this one is not inside."""
        if self.held:
            self.held = False
            fcntl.flock(self._room, fcntl.LOCK_UN)

    def close(self) -> None:
        """Leave and forget the gate; it cannot be entered again."""
        self.held = False
        for descriptor in (self._turnstile, self._room):
            if descriptor >= 0:
                os.close(descriptor)
        self._turnstile = self._room = -1

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


class ServerSeat:
    """The right to be the one server process of a database file."""

    def __init__(self, database: Path) -> None:
        self._descriptor = _open(database, "server")
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._descriptor)
            raise ServerAlreadyRunning(
                f"another server is running on {database}; SQLite takes one server process"
            ) from None

    def close(self) -> None:
        """Give the right up."""
        os.close(self._descriptor)


def _open(database: Path, suffix: str) -> int:
    path = database.with_name(f"{database.name}-{suffix}")
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
