"""Duels: two processes on one PostgreSQL ledger meet at the worst moment, every time.

Each returns what was broken, by the id of the invariant; a store that is right breaks nothing.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Final

import psycopg
from psycopg import errors

from leasing.errors import LeaseLost, SeatsExhausted, StoreUnavailable
from leasing.models import LicenseSession
from leasing.store import Call, Lease, Outcome, Store
from leasing.stores.postgres import statements
from tests.support.clock import ManualClock
from tests.support.customer import Customer
from tests.support.meanwhile import happening
from tests.support.world import Address, OpenStore

_HEAD_START_SECONDS: Final = 1.5
"""Enough for a call that nothing stands in the way of; who waits for a lock gives up after 2 s."""


class Duel:
    """Two stores of one kind, and a customer with one seat."""

    def __init__(self, database: Address, open_store: OpenStore) -> None:
        self.database = str(database)
        clock = ManualClock()
        self.one, self.other = open_store(database, clock), open_store(database, clock)
        self.customer = Customer("alice", seats=1)

    def close(self) -> None:
        self.one.close()
        self.other.close()

    def apart(self, call: Call) -> "Future[Outcome]":
        """Let the other process apply a call on a thread of its own, with a head start."""
        done: Future[Outcome] = Future()
        threading.Thread(target=self._apply, args=(call, done), daemon=True).start()
        with suppress(TimeoutError):
            done.exception(_HEAD_START_SECONDS)
        return done

    def _apply(self, call: Call, done: "Future[Outcome]") -> None:
        try:
            done.set_result(self.other.apply([call])[0])
        except BaseException as error:  # noqa: BLE001  told to whoever waits
            done.set_exception(error)

    def ends_in(self, seconds: float) -> None:
        """Have every lease end so many seconds from now, in the past when negative."""
        with psycopg.connect(self.database) as connection:
            connection.execute(
                "UPDATE seat SET lease_expires_at = clock_timestamp() + %s * interval '1 second'",
                [seconds],
            )


def hold(store: Store, call: Call) -> Lease:
    (lease,) = store.apply([call])
    assert isinstance(lease, Lease), lease
    return lease


def race_for_the_last_seat(duel: Duel) -> set[str]:
    """While one grants the last seat, the other is asked for it."""
    rival: list[Future[Outcome]] = []
    happening(
        duel.one,
        statements.PUT_HOLDERS,
        lambda: rival.append(duel.apart(duel.customer.acquire("desktop"))),
    )
    try:
        (mine,) = duel.one.apply([duel.customer.acquire("laptop")])
        theirs = rival[0].result(timeout=10)
    except AssertionError:
        return {"S1"}  # the key stood in the way; without it the seat would be held twice
    is_kept = isinstance(mine, Lease) and isinstance(theirs, SeatsExhausted | StoreUnavailable)
    return set() if is_kept else {"S1"}


def race_of_two_heartbeats(duel: Duel) -> set[str]:
    """While one renews a session, the other renews it too; their tokens are counted."""
    lease = hold(duel.one, duel.customer.acquire("laptop"))
    beat = duel.customer.heartbeat(lease.session_id, wants_token=True)
    rival: list[Future[Outcome]] = []
    happening(duel.one, statements.RENEW_SEATS_AT, lambda: rival.append(duel.apart(beat)))
    mine, theirs = hold(duel.one, beat), rival[0].result(timeout=10)
    assert isinstance(theirs, Lease | StoreUnavailable)
    return {"S6"} if isinstance(theirs, Lease) and mine.seq == theirs.seq else set()


def release_by_the_other(duel: Duel) -> set[str]:
    """What one knows by heart as full, the other has released from."""
    lease = hold(duel.one, duel.customer.acquire("laptop"))
    duel.one.apply([duel.customer.acquire("desktop")])
    duel.other.apply([duel.customer.release(lease.session_id)])
    (answer,) = duel.one.apply([duel.customer.acquire("desktop")])
    return set() if isinstance(answer, Lease) else {"S3"}


def renewal_in_the_nick_of_time(duel: Duel) -> set[str]:
    """A renewal decided in time is committed after the seat was counted as lapsed."""
    hold(duel.one, duel.customer.acquire("laptop"))
    duel.ends_in(-1)
    happening(duel.other, statements.SEAT, lambda: duel.ends_in(300))
    (answer,) = duel.other.apply([duel.customer.acquire("desktop")])
    return set() if isinstance(answer, SeatsExhausted) else {"S2"}


def lease_with_twenty_seconds_left(duel: Duel) -> set[str]:
    """Somebody wants the seat of a lease that runs for 20 s more, whatever a node's clock says."""
    lease = hold(duel.one, duel.customer.acquire("laptop"))
    duel.ends_in(20)
    duel.other.apply([duel.customer.acquire("desktop")])
    (answer,) = duel.one.apply([duel.customer.heartbeat(lease.session_id)])
    return {"S13"} if isinstance(answer, LeaseLost) else set()


def deadlock(duel: Duel) -> set[str]:
    """The database gives one of two transactions up; it must not be acknowledged."""

    def crossed() -> None:
        raise errors.DeadlockDetected("as PostgreSQL says it")

    happening(duel.one, "COMMIT", crossed)
    lease = hold(duel.one, duel.customer.acquire("laptop"))
    is_there = LicenseSession.across_tenants.filter(id=lease.session_id).exists()
    return set() if is_there else {"S14"}


DUELS: Final[dict[str, tuple[Callable[[Duel], set[str]], str]]] = {
    "grants without locking the license": (race_for_the_last_seat, "S1"),
    "renews what it read at another instant": (race_of_two_heartbeats, "S6"),
    "never moves the version of the seats": (release_by_the_other, "S3"),
    "takes a lapsed seat without a second look": (renewal_in_the_nick_of_time, "S2"),
    "tells the time by the clock of its node": (lease_with_twenty_seconds_left, "S13"),
    "acknowledges what a deadlock rolled back": (deadlock, "S14"),
}
"""The duel that finds each bug of ``planted_postgres.RACING``, and what it must find."""
