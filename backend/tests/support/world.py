"""A small world for tests: a database, a clock, a store, and a customer with seats.

::

    world = World(database, seats=2)
    lease = world.acquire("laptop")
    world.pass_time(seconds=300)
    world.heartbeat(lease)
    world.release(lease)
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from foundation.clock import Clock
from leasing.rules import UNNAMED
from leasing.store import Call, ForceReleased, Lease, Outcome, Released, SessionState, Store
from leasing.stores.postgres import PostgresStore
from leasing.stores.sqlite import SqliteStore
from tests.support.backups import Backup, back_up
from tests.support.clock import ManualClock
from tests.support.customer import Customer
from tests.support.postgres import as_leasing

LONGEST_SILENCE_SECONDS = 25
"""Between two ticks, so that no reclaim hold begins: the last stamp may be 5 s older."""

Address = Path | str
"""Where a ledger is: a file, or the URL of a database."""

OpenStore = Callable[[Address, Clock], Store]
_Answer = TypeVar("_Answer")


def open_sqlite(database: Address, clock: Clock) -> Store:
    """Open the store of one machine."""
    return SqliteStore(Path(database), clock=clock)


def open_postgres(database: Address, clock: Clock) -> Store:
    """Open the store of many processes, on a clock of the test's own.

    Its login may do what the leasing plane must, and nothing else.
    """
    return PostgresStore(as_leasing(str(database)), clock=clock)


STORES: dict[str, OpenStore] = {"sqlite": open_sqlite, "postgres": open_postgres}
"""Every store there is, by name; the conformance tests run against each."""


class World:
    """A migrated database with one store on it and a first customer, Alice."""

    def __init__(
        self,
        database: Address,
        *,
        seats: int = 3,
        ttl_seconds: int = 360,
        heartbeat_interval_seconds: int = 120,
        open_store: OpenStore = open_sqlite,
    ) -> None:
        self.database = database
        self.clock = ManualClock()
        self.alice = Customer(
            "alice",
            seats=seats,
            ttl_seconds=ttl_seconds,
            heartbeat_interval_seconds=heartbeat_interval_seconds,
        )
        self._open_store = open_store
        self.store = open_store(database, self.clock)

    @property
    def now(self) -> datetime:
        return self.clock.now

    def acquire(
        self, device: str, instance: str = UNNAMED, *, customer: Customer | None = None
    ) -> Lease:
        """Take a seat for a device. Raises what the store answers."""
        return self.ask((customer or self.alice).acquire(device, instance), Lease)

    def heartbeat(
        self, lease: Lease, instance: str = UNNAMED, *, customer: Customer | None = None
    ) -> Lease:
        """Renew a lease. Raises what the store answers."""
        return self.ask((customer or self.alice).heartbeat(lease.session_id, instance), Lease)

    def release(
        self, lease: Lease, instance: str = UNNAMED, *, customer: Customer | None = None
    ) -> Released:
        """Give a seat back, or an instance's share. Raises what the store answers."""
        return self.ask((customer or self.alice).release(lease.session_id, instance), Released)

    def force_release(self, lease: Lease, *, customer: Customer | None = None) -> ForceReleased:
        """End a session over its holder's head. Raises what the store answers."""
        return self.ask((customer or self.alice).force_release(lease.session_id), ForceReleased)

    def borrow(self, lease: Lease, seconds: float, *, customer: Customer | None = None) -> Lease:
        """Lend the seat of a session for so long from now on. Raises what the store answers."""
        until = self.now + timedelta(seconds=seconds)
        return self.ask((customer or self.alice).borrow(lease.session_id, until), Lease)

    def break_loan(self, lease: Lease) -> ForceReleased:
        """End a session though its seat is borrowed. Raises what the store answers."""
        call = self.alice.force_release(lease.session_id, even_if_borrowed=True)
        return self.ask(call, ForceReleased)

    def inspect(self, lease: Lease, *, customer: Customer | None = None) -> SessionState:
        """Read a session. Raises what the store answers."""
        return self.ask((customer or self.alice).inspect(lease.session_id), SessionState)

    def ask(self, call: Call, kind: type[_Answer]) -> _Answer:
        """Apply one call alone; raise its error or return its value."""
        (outcome,) = self.apply(call)
        if isinstance(outcome, Exception):
            raise outcome
        assert isinstance(outcome, kind), f"{call} was answered {outcome}"
        return outcome

    def apply(self, *calls: Call) -> list[Outcome]:
        """Apply one batch."""
        return self.store.apply(calls)

    def pass_time(self, seconds: float) -> None:
        """Let time pass while the store is alive, so that no reclaim hold begins."""
        while seconds > 0:
            step = min(seconds, LONGEST_SILENCE_SECONDS)
            self.clock.advance(step)
            self.store.tick()
            seconds -= step

    def be_away(self, seconds: float) -> None:
        """Let time pass while the store is down; after more than 30 s it holds reclaims."""
        self.clock.advance(seconds)
        self.store.tick()

    def restart(self) -> None:
        """Close the store in good order and open it again, at once."""
        self.store.close()
        self.store = self._open_store(self.database, self.clock)

    def back_up(self) -> Backup:
        """Copy the ledger as it is."""
        if isinstance(self.database, Path):
            return back_up(self.database)
        self.store.close()
        try:
            return back_up(self.database)
        finally:
            self.store = self._open_store(self.database, self.clock)

    def restore(self, backup: Backup) -> None:
        """Stop the server, put the ledger back to a copy, start the server."""
        self.store.close()
        backup.restore()
        self.store = self._open_store(self.database, self.clock)

    def hold_reclaims(self) -> None:
        """Say that commits were lost, as an operator's command does beside the server."""
        kind = type(self.store)
        assert kind is SqliteStore or kind is PostgresStore
        kind(self.database, clock=self.clock, was_restored=True).close()  # type: ignore[arg-type]

    def come_back(self, lease: Lease, instance: str = UNNAMED, **forged: Any) -> Lease:
        """Show the token of a lease for its session. Raises what the store answers."""
        return self.ask(self.alice.come_back(lease, instance, **forged), Lease)

    def another_store(self) -> Store:
        """Open a second store on the same ledger, as another process would."""
        return self._open_store(self.database, self.clock)

    def close(self) -> None:
        self.store.close()
