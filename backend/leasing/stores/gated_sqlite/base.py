"""The database wrapper that Django loads by the name ``leasing.stores.gated_sqlite``."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db.backends.sqlite3 import base

from leasing.stores.gate import WriteGate

_READS = ("SELECT", "PRAGMA", "EXPLAIN")


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
        self.execute_wrappers.append(self._through_the_gate)

    @property
    def gate(self) -> WriteGate:
        """This connection's way through the gate, opened when first needed."""
        if self._gate is None:
            self._gate = WriteGate(Path(self.settings_dict["NAME"]))
        return self._gate

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
        super()._commit()  # type: ignore[misc]
        self._leave()

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
