"""The alive mark: outside of the database, when its server last noted in it that it is alive.

A file that was exchanged for an older copy is older than its mark. The mark is written after the
commit, so it is never newer than what a power failure leaves in the database.
"""

import logging
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

_log = logging.getLogger(__name__)
_LONGEST: Final = 64


class AliveMark:
    """The file ``<database>-alive``. It belongs to the machine: it is not part of a backup."""

    def __init__(self, database: Path) -> None:
        path = database.with_name(f"{database.name}-alive")
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def read(self) -> datetime | None:
        """Return the mark, or None when there is none that can be read."""
        try:
            return datetime.fromisoformat(os.pread(self._descriptor, _LONGEST, 0).decode("ascii"))
        except ValueError:
            return None

    def write(self, instant: datetime) -> None:
        """Replace the mark, at all times by one of the same length.

        A failure is logged: without its mark the ledger is as good, and a restore goes unnoticed.
        """
        text = instant.astimezone(UTC).isoformat(timespec="microseconds")
        try:
            os.pwrite(self._descriptor, text.encode("ascii"), 0)
        except OSError as error:
            _log.error("the alive mark cannot be written: %s", error.strerror)

    def close(self) -> None:
        """Let go of the file; nothing happens the second time."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1
