"""What was done, when and with what result: a line for each step, on disk before the next begins.

::

    FOLDER/ID/journal.jsonl      mode 0600, appended to by every run of the incident
    FOLDER/ID/lock               held while a run goes on
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from license_incident.errors import Busy, Refused

_MOST_OUTPUT: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line. ``result`` is begun, ok, failed, skipped or interrupted.

    ``undo`` is what takes the step back: it is written with ``begun``, before anything changes.
    """

    step: str
    result: str
    tier: str
    seconds: float = 0.0
    command: list[str] = field(default_factory=list)
    output: str = ""
    file: str = ""
    undo: dict[str, Any] | None = None


class Journal:
    """The journal of one incident. ``secrets`` are cut out of whatever is written."""

    def __init__(self, folder: Path, *, secrets: tuple[str, ...] = ()) -> None:
        self.folder = folder
        self._secrets = tuple(one for one in secrets if one)
        self._path = folder / "journal.jsonl"

    def write(self, entry: Entry) -> None:
        """Append a line and see it on disk."""
        row = {"at": now().isoformat(timespec="milliseconds"), **asdict(entry)}
        row["output"] = self.redacted(entry.output)[-_MOST_OUTPUT:]
        text = self.redacted(json.dumps(row, sort_keys=True))
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "a", encoding="utf-8") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())

    def redacted(self, text: str) -> str:
        """Return a text without any of the secrets."""
        for secret in self._secrets:
            text = text.replace(secret, "[redacted]")
        return text

    def entries(self) -> list[dict[str, Any]]:
        """Return every whole line so far. A last one that a crash cut off is left out."""
        if not self._path.exists():
            return []
        return list(_whole(self._path.read_text(encoding="utf-8")))


def _whole(text: str) -> Iterator[dict[str, Any]]:
    for line in text.splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            continue


def now() -> datetime:
    """Return this machine's time."""
    return datetime.now(UTC)


def private_folder(path: Path) -> Path:
    """Make a folder that nobody else enters, or refuse one that others could have prepared."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = path.stat()
    if status.st_uid != os.getuid() or status.st_mode & 0o077 or path.is_symlink():
        raise Refused(f"{path} belongs to others or is open to them: evidence is not kept there")
    return path


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold an incident alone. Raises Busy; a run that died holds nothing."""
    with (folder / "lock").open("w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as held:
            raise Busy(f"another run of {folder.name} is under way") from held
        yield
