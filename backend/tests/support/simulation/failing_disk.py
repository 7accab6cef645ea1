"""A store that takes its time, fails and stops for good in the middle, as the faults say."""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from leasing.engine import MOST_IN_BATCH
from leasing.errors import StoreUnavailable
from leasing.store import Call, Outcome
from leasing.stores.sqlite import SqliteStore
from tests.support.crashing import crash
from tests.support.simulation.judge import Judge
from tests.support.simulation.promises import PromiseBroken
from tests.support.simulation.virtual_host import PowerCut, VirtualHost
from tests.support.simulation.virtual_loop import VirtualLoop


@dataclass
class Faults:
    """What will go wrong with the next batches. Statements are counted from BEGIN, which is 1."""

    cut_power_at_statement: int = 0
    fail_at_statements: list[int] = field(default_factory=list)
    lose_acknowledgements: int = 0
    stall_seconds: float = 0.0

    def forget(self) -> None:
        """Let nothing go wrong."""
        self.__init__()  # type: ignore[misc]


class FailingConnection:
    """A connection whose next transaction may not get far."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._statements_left = 0
        self._failure: BaseException | None = None

    def fail_at(self, statement: int, failure: BaseException) -> None:
        self._statements_left, self._failure = statement, failure

    def execute(self, statement: str, *values: Any) -> Any:
        if statement != "ROLLBACK":
            self._fail_when_due()
        return self._connection.execute(statement, *values)

    def executescript(self, script: str) -> Any:
        self._fail_when_due()
        return self._connection.executescript(script)

    def commit(self) -> None:
        self._fail_when_due(is_last=True)
        self._connection.commit()

    def _fail_when_due(self, *, is_last: bool = False) -> None:
        if self._failure is None:
            return
        self._statements_left -= 1
        if not self._statements_left or is_last:
            failure, self._failure = self._failure, None
            raise failure

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


class FailingDisk:
    """The store of one process, which blocks the writer in virtual time and is judged."""

    def __init__(
        self,
        store: SqliteStore,
        *,
        loop: VirtualLoop,
        host: VirtualHost,
        judge: Judge,
        faults: Faults,
        commit_seconds: Callable[[], float],
    ) -> None:
        self._store = store
        self._loop = loop
        self._host = host
        self._judge = judge
        self._faults = faults
        self._commit_seconds = commit_seconds
        store._connection.execute("PRAGMA synchronous = OFF")  # no power is cut in earnest
        self._connection = FailingConnection(store._connection)
        store._connection = self._connection  # type: ignore[assignment]

    def apply(self, calls: Sequence[Call]) -> list[Outcome]:
        if len(calls) > MOST_IN_BATCH:
            raise PromiseBroken("S17", f"a batch of {len(calls)} calls", license="*")
        seconds = self._commit_seconds()
        self._host.sleep(seconds / 2)
        self._spoil()
        outcomes = self._applied(calls)
        with self._loop.aside():
            self._judge.committed(calls, outcomes)
        self._host.sleep(seconds / 2 + self._stall())
        if self._faults.lose_acknowledgements:
            self._faults.lose_acknowledgements -= 1
            raise StoreUnavailable("the connection broke while it committed")
        return outcomes

    def _applied(self, calls: Sequence[Call]) -> list[Outcome]:
        try:
            return self._store.apply(calls)
        except StoreUnavailable:
            raise
        except Exception as defect:
            raise PromiseBroken("defect", repr(defect), license="*") from defect

    def reap(self, most: int) -> int:
        count = self._store.reap(most)
        with self._loop.aside():
            self._judge.reaped(count)
        return count

    def tick(self) -> None:
        self._store.tick()
        with self._loop.aside():
            self._judge.ticked()

    def close(self) -> None:
        self._store.close()
        with self._loop.aside():
            self._judge.ticked()

    def vanish(self) -> None:
        """Let go of the file as a dead process does: what is not committed is gone."""
        crash(self._store)

    def _spoil(self) -> None:
        faults = self._faults
        if faults.cut_power_at_statement:
            self._connection.fail_at(faults.cut_power_at_statement, PowerCut())
            faults.cut_power_at_statement = 0
        elif faults.fail_at_statements:
            failure = sqlite3.OperationalError("disk I/O error")
            self._connection.fail_at(faults.fail_at_statements.pop(), failure)

    def _stall(self) -> float:
        seconds, self._faults.stall_seconds = self._faults.stall_seconds, 0.0
        return seconds
