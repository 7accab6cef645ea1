"""The database wrapper that Django loads by the name ``leasing.stores.gated_sqlite``."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from django.db.backends.sqlite3 import base

from leasing.stores.gate import WriteGate

_READS = ("SELECT", "PRAGMA", "EXPLAIN")


class Bystander(Protocol):
    """Who has another connection to the file in this process, and remembers what is in it."""

    def data_version(self) -> int:
        """Return what SQLite says on that connection: another number after commits of others."""
        ...

    def overlook(self, before: int, after: int) -> None:
        """Take the change from one data version to the next for none, unless more was missed."""
        ...


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's SQLite connection; it holds the write gate while it may write.

    A transaction holds it from BEGIN to its end; a write outside one for that statement. While
    ``only_reads`` is set, transactions that begin read one state of the file, cannot write, and
    leave the gate to others.
    """

    only_reads = False

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._gate: WriteGate | None = None
        self._bystander: Bystander | None = None
        self.execute_wrappers.append(self._through_the_gate)

    @property
    def gate(self) -> WriteGate:
        """This connection's way through the gate, opened when first needed."""
        if self._gate is None:
            self._gate = WriteGate(Path(self.settings_dict["NAME"]))
        return self._gate

    @contextmanager
    def aside(self, bystander: Bystander) -> Iterator[None]:
        """Have a bystander overlook the commits made in the block.

        Whoever uses it changes nothing that the bystander remembers; that is not checked.
        """
        self._bystander = bystander
        try:
            yield
        finally:
            self._bystander = None

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect; a file that is not there yet is made for its owner's eyes alone.

        SQLite would make it for everybody's, and gives its companions the mode of the file.
        """
        name = str(conn_params["database"])
        if not name.startswith(("file:", ":memory:")):
            _make_private(name)
        return super().get_new_connection(conn_params)

    def _through_the_gate(
        self, execute: Callable[..., Any], sql: str, params: Any, many: Any, context: Any
    ) -> Any:
        if self.gate.held or sql.lstrip()[:7].upper().startswith(_READS):
            return execute(sql, params, many, context)
        with self.gate:
            return execute(sql, params, many, context)

    def _start_transaction_under_autocommit(self) -> None:
        if self.only_reads:
            self.connection.execute("PRAGMA query_only = ON")
            self.connection.execute("BEGIN")
            return
        self.gate.acquire()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self.gate.release()
            raise

    def _commit(self) -> None:
        if self._bystander is None or not self.gate.held:
            super()._commit()  # type: ignore[misc]
        else:
            self._commit_aside(self._bystander)
        self._leave()

    def _commit_aside(self, bystander: Bystander) -> None:
        """Commit, and prove that nobody else did meanwhile, who need not know of the gate.

        From BEGIN IMMEDIATE on SQLite lets nobody else commit. One who does right after our commit
        changes our own data version too, which our commits do not.
        """
        own, before = self._data_version(), bystander.data_version()
        super()._commit()  # type: ignore[misc]
        after = bystander.data_version()
        if self._data_version() == own:
            bystander.overlook(before, after)

    def _data_version(self) -> int:
        (version,) = self.connection.execute("PRAGMA data_version").fetchone()
        return int(version)

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self._leave()

    def _leave(self) -> None:
        if self.gate.held:
            self.gate.release()
        elif self.connection is not None:
            self.connection.execute("PRAGMA query_only = OFF")

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]
        finally:
            if self._gate is not None:
                self._gate.close()
                self._gate = None


def _make_private(path: str) -> None:
    """Make the file, and touch none that is there.

    To close any descriptor of a file gives up every lock that the process has on it (POSIX). The
    next process to leave the ledger would take itself for the last one and remove the log that the
    store is writing.
    """
    with suppress(OSError):  # it is there; or SQLite meets it next, and says what it is
        os.close(os.open(path, os.O_RDONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
