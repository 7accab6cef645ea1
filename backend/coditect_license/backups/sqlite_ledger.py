"""A ledger in SQLite: copied as of one moment beside a busy server, and exchanged."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from coditect_license.backups.errors import BackupDamaged, BackupFailed, LedgerInUse
from coditect_license.backups.ledgers import Say, stamp
from coditect_license.backups.manifest import Kind, Manifest
from foundation.clock import Clock, utc_now
from leasing.store import Store
from leasing.stores.gate import ServerAlreadyRunning, ServerSeat, WriteGate
from leasing.stores.sqlite import SqliteStore

_SIDECARS: Final = ("-wal", "-shm")
_PAGES_AT_A_TIME: Final = 4_096
_BUSY_SECONDS: Final = 1


class SqliteLedger:
    """One file by Django's entry for it; ``clock`` is the lease clock: the host's, but in tests."""

    kind: Kind = "sqlite"

    def __init__(self, entry: dict[str, Any], *, say: Say, clock: Clock = utc_now) -> None:
        self._entry = entry
        self._file = Path(entry["NAME"])
        self._say = say
        self._clock = clock
        self.name = self._file.name

    def copy(self, target: Path) -> None:
        """Copy the file. Nobody waits for it.

        One read transaction spans all steps: without it SQLite's backup begins anew after each
        commit of others. Meanwhile the log of the source cannot be reused, so it grows.
        """
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            with closing(_open(self._file)) as old, closing(_open(target)) as new:
                old.execute("BEGIN")
                old.execute("SELECT count(*) FROM sqlite_master").fetchone()
                old.backup(new, pages=_PAGES_AT_A_TIME, progress=_progress(self._say))
                new.execute("PRAGMA journal_mode = DELETE")  # one file, and no log beside it
        except sqlite3.Error as error:
            raise BackupFailed(f"{self._file} cannot be copied: {error}") from error

    def roles(self) -> list[str]:
        """Return none: SQLite knows nobody."""
        return []

    def require_sound(self, file: Path) -> None:
        """Have SQLite look at every page and index."""
        try:
            with closing(_open(file)) as connection:
                verdicts = connection.execute("PRAGMA integrity_check").fetchall()
        except sqlite3.DatabaseError as error:
            raise BackupDamaged(f"{file} is damaged: {error}") from error
        if verdicts != [("ok",)]:
            raise BackupDamaged(f"{file} is damaged: {verdicts[0][0]}")

    def is_empty(self) -> bool:
        """Return whether there is no file, or nothing in it."""
        return not self._file.exists() or self._file.stat().st_size == 0

    @contextmanager
    def restoring(self, file: Path, manifest: Manifest) -> Iterator["SqliteDraft"]:
        """Hold the server's seat and the write gate while a draft lies beside the file."""
        del manifest
        draft = _beside(self._file, ".restoring")
        with self._alone():
            _discard(draft)
            try:
                _copy_private(file, draft)
                kept = _beside(self._file, f".before-{stamp(self._clock())}")
                yield SqliteDraft(
                    self._entry | {"NAME": draft}, draft, self._file, kept, self._clock
                )
            finally:
                _discard(draft)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        try:
            seat = ServerSeat(self._file)
        except ServerAlreadyRunning as running:
            raise LedgerInUse(f"a server is running on {self._file}: stop it first") from running
        gate = WriteGate(self._file)
        try:
            with gate:
                yield
        finally:
            gate.close()
            seat.close()


@dataclass(frozen=True)
class SqliteDraft:
    """A file beside the ledger's."""

    entry: dict[str, Any]
    file: Path
    database: Path
    keep_as: Path
    clock: Clock

    def open_store(self) -> Store:
        """Open the draft; its gate and mark lie beside it and go with it."""
        return SqliteStore(self.file, clock=self.clock, was_restored=True)

    def take_over(self) -> str | None:
        """Move the draft into the ledger's place; the old file stays beside it."""
        _settle(self.file, self.file)
        was_there = self.database.exists()
        if was_there:
            _settle(self.database, self.keep_as)
            os.link(self.database, self.keep_as)
            self.keep_as.chmod(0o600)
        self.file.replace(self.database)
        _sync(self.database.parent)
        return str(self.keep_as) if was_there else None


def _settle(database: Path, keep_as: Path) -> None:
    """Take a file's log into it, so that no log is left for another file to stumble over."""
    try:
        with closing(_open(database)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.DatabaseError:  # what is damaged is kept as it is, log and all
        for suffix in _SIDECARS:
            with suppress(FileNotFoundError):
                _beside(database, suffix).rename(_beside(keep_as, suffix))
    if _beside(database, "-wal").exists():  # the last one to close it would have removed it
        raise LedgerInUse(f"another program has {database} open: end it first")


def _copy_private(source: Path, target: Path) -> None:
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with source.open("rb") as old, os.fdopen(descriptor, "wb") as new:
        shutil.copyfileobj(old, new)
        new.flush()
        os.fsync(new.fileno())


def _discard(draft: Path) -> None:
    for path in draft.parent.glob(f"{draft.name}*"):
        path.unlink()


def _open(file: Path) -> sqlite3.Connection:
    address = f"{file.absolute().as_uri()}?mode=rw"
    return sqlite3.connect(address, uri=True, isolation_level=None, timeout=_BUSY_SECONDS)


def _beside(file: Path, suffix: str) -> Path:
    return file.with_name(file.name + suffix)


def _progress(say: Say) -> Callable[[int, int, int], None]:
    def tell(_status: int, left: int, total: int) -> None:
        say(f"copied {total - left} of {total} pages")

    return tell


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
