"""The engine: joins concurrent calls into batches, each one durable commit of the store.

A batch closes as soon as the previous commit returns. There is no timer: an idle server adds no
wait, and a busy one commits more calls at a time. One thread writes; the event loop never waits
for a disk.
"""

import asyncio
import logging
from contextlib import suppress
from queue import Empty
from typing import Final, TypeVar

from msgspec import Struct

from foundation import tracing
from leasing import counts
from leasing.errors import Overloaded, StoreUnavailable
from leasing.host import HOST, Host, Queue
from leasing.store import (
    Acquire,
    Call,
    Heartbeat,
    Inspect,
    Lease,
    Outcome,
    Reinstate,
    Release,
    Released,
    SessionState,
    Store,
)

_log = logging.getLogger(__name__)

MOST_IN_BATCH: Final = 500
MOST_REAPED: Final = 500
OVERLOADED_RETRY_SECONDS: Final = 2

# Which share of the queue each kind of call may fill: heartbeats survive longest
# (design of shedding: docs/architecture.md).
_SHARES: Final = {Heartbeat: 1.0, Reinstate: 1.0, Release: 0.85, Acquire: 0.7, Inspect: 0.5}

_FOR_THE_LONGEST_WAITING: Final = MOST_IN_BATCH // 10

_Answer = TypeVar("_Answer")
_Waiting = tuple[Call, "asyncio.Future[Outcome]"]


class Pace(Struct, frozen=True):
    """How often the ledger is looked after, and when it counts as stalled."""

    tick_seconds: float = 5.0
    reap_seconds: float = 60.0
    stalled_seconds: float = 5.0


_USUAL: Final = Pace()


class Engine:
    """Group commit over one store. Made, started and stopped on one event loop.

    ``most_waiting`` calls may wait for a commit at a time (S17); the default is one to two
    seconds of work. ``host`` is what the writer runs on: a thread, but in the simulation.
    """

    def __init__(
        self,
        store: Store,
        *,
        most_waiting: int = 10_000,
        pace: Pace = _USUAL,
        host: Host = HOST,
    ) -> None:
        self._store = store
        self._pace = pace
        self._seconds = host.seconds
        self._most_waiting = most_waiting
        self._limits = {kind: int(most_waiting * share) for kind, share in _SHARES.items()}
        self._queue: Queue[_Waiting | None] = host.queue()
        self._line: list[_Waiting] = []  # the writer's own: taken off the queue, in no batch yet
        self._waiting: dict[asyncio.Future[Outcome], None] = {}
        self._joined: dict[asyncio.Future[Outcome], tracing.JoinedSpan] = {}
        self._writer = host.writer(self._write)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._watchdog: asyncio.Task[None] | None = None
        self._store_called_at: float | None = None
        self._reaped_at = self._reap_ended_at = self._seconds()
        self._closing = False

    async def start(self) -> None:
        """Begin to take calls."""
        self._loop = asyncio.get_running_loop()
        self._watchdog = asyncio.create_task(self._watch())
        self._writer.start()

    async def stop(self) -> None:
        """Refuse new calls, commit what waits, close the store."""
        self._closing = True
        self._queue.put(None)
        await self._writer.ended()
        if self._watchdog is not None:
            self._watchdog.cancel()
        self._store.close()

    @property
    def is_ready(self) -> bool:
        """Whether calls are taken and the writer is not stalled."""
        return self._writer.is_alive() and not self._closing and not self._is_stalled()

    @property
    def waiting_calls(self) -> int:
        """How many calls wait for a commit now. For any thread."""
        return len(self._waiting)

    @property
    def seconds_since_reap(self) -> float:
        """How long ago lapsed sessions were last looked for with success. For any thread."""
        return self._seconds() - self._reap_ended_at

    @property
    def fullness(self) -> float:
        """Which share of the queue is taken, 0 to 1."""
        return len(self._waiting) / self._most_waiting

    async def acquire(self, call: Acquire) -> Lease:
        """Return the lease granted or resumed, durable. Raises what the store answers."""
        return await self._submit(call, Lease)

    async def renew(self, call: Heartbeat) -> Lease:
        """Return the lease renewed, durable. Raises what the store answers."""
        return await self._submit(call, Lease)

    async def reinstate(self, call: Reinstate) -> Lease:
        """Return the lease brought back, durable. Raises what the store answers."""
        return await self._submit(call, Lease)

    async def release(self, call: Release) -> Released:
        """Release, durably. Raises what the store answers."""
        return await self._submit(call, Released)

    async def inspect(self, call: Inspect) -> SessionState:
        """Return the state of a session. Raises what the store answers."""
        return await self._submit(call, SessionState)

    async def _submit(self, call: Call, kind: type[_Answer]) -> _Answer:
        if self._loop is None or self._closing or self._is_stalled():
            raise StoreUnavailable("the server is not taking calls")
        if len(self._waiting) >= self._limits[type(call)]:
            raise Overloaded(OVERLOADED_RETRY_SECONDS)
        future: asyncio.Future[Outcome] = self._loop.create_future()
        self._waiting[future] = None
        joined = tracing.join("commit")
        if joined is not None:
            self._joined[future] = joined
        self._queue.put((call, future))
        try:
            outcome = await future
        finally:
            if joined is not None:
                joined.end()
        if isinstance(outcome, Exception):
            raise outcome
        if not isinstance(outcome, kind):
            raise TypeError(f"the store answered {type(outcome).__name__} to {call!r}")
        return outcome

    def _write(self) -> None:
        """Run the writer thread: a batch after the other, housekeeping between them."""
        is_last = False
        while not is_last or self._line:
            try:
                is_last = self._gather() or is_last
            except Empty:
                self._keep_house()
                continue
            if batch := self._next_batch():
                self._commit(batch)
            if not is_last:
                self._keep_house_when_due()

    def _gather(self) -> bool:
        """Take everything off the queue; return whether the end was among it.

        Raises Empty when nothing came for a while.
        """
        if not self._line:
            first = self._queue.get(timeout=self._pace.tick_seconds)
            if first is None:
                return True
            self._line.append(first)
        with suppress(Empty):
            while (waiting := self._queue.get_nowait()) is not None:
                self._line.append(waiting)
            return True
        return False

    def _next_batch(self) -> list[_Waiting]:
        """Return all that wait, in order; of more than a batch, the vital ones first.

        A tenth of such a batch is for those who wait longest, of whatever kind: nobody starves.
        """
        if len(self._line) <= MOST_IN_BATCH:
            batch, self._line = self._line, []
            return batch
        longest = range(_FOR_THE_LONGEST_WAITING)
        others = range(_FOR_THE_LONGEST_WAITING, len(self._line))
        ranked = sorted(others, key=lambda place: -_SHARES[type(self._line[place][0])])
        chosen = {*longest, *ranked[: MOST_IN_BATCH - len(longest)]}
        batch = [one for place, one in enumerate(self._line) if place in chosen]
        self._line = [one for place, one in enumerate(self._line) if place not in chosen]
        return batch

    def _commit(self, batch: list[_Waiting]) -> None:
        began_at = self._store_called_at = self._seconds()
        try:
            outcomes = self._outcomes(batch)
        except StoreUnavailable as error:
            _log.error("the ledger is unavailable: %s", error)
            outcomes = [error] * len(batch)
        except Exception:  # noqa: BLE001  the writer must outlive a defect: its callers get 503
            _log.exception("a batch of %d calls failed", len(batch))
            outcomes = [StoreUnavailable("the ledger failed")] * len(batch)
        self._store_called_at = None
        counts.batch_size.add(len(batch))
        counts.batch_seconds.add(self._seconds() - began_at)
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._deliver, batch, outcomes)

    def _outcomes(self, batch: list[_Waiting]) -> list[Outcome]:
        with tracing.batch("batch", self._joined_by(batch), license__batch__calls=len(batch)):
            outcomes = self._store.apply([call for call, _ in batch])
        if len(outcomes) != len(batch):
            raise ValueError("the store answered more or fewer calls than it was given")
        return outcomes

    def _joined_by(self, batch: list[_Waiting]) -> list[tracing.JoinedSpan]:
        """Return the spans of those calls of a batch that have one."""
        if not self._joined:
            return []
        found = (self._joined.pop(future, None) for _, future in batch)
        return [joined for joined in found if joined is not None]

    def _deliver(self, batch: list[_Waiting], outcomes: list[Outcome]) -> None:
        for (_, future), outcome in zip(batch, outcomes, strict=True):
            self._waiting.pop(future, None)
            if not future.done():
                future.set_result(outcome)

    def _keep_house_when_due(self) -> None:
        if self._seconds() - self._reaped_at > self._pace.reap_seconds:
            self._keep_house()

    def _keep_house(self) -> None:
        """Stamp the ledger as alive, and now and then end sessions that lapsed."""
        self._store_called_at = self._seconds()
        try:
            self._store.tick()
            if self._seconds() - self._reaped_at > self._pace.reap_seconds:
                self._reaped_at = self._seconds()
                self._store.reap(MOST_REAPED)
                self._reap_ended_at = self._seconds()
        except StoreUnavailable as error:
            _log.error("housekeeping failed: %s", error)
        except Exception:  # noqa: BLE001  as above: without the writer nobody would be answered
            _log.exception("housekeeping failed")
        self._store_called_at = None

    def _is_stalled(self) -> bool:
        since = self._store_called_at
        return since is not None and self._seconds() - since > self._pace.stalled_seconds

    async def _watch(self) -> None:
        """Answer those who wait for a writer that stalls; what they asked may still happen."""
        while True:
            await asyncio.sleep(self._pace.stalled_seconds / 5)
            if self._is_stalled():
                _log.error("the ledger is stalled: %d calls give up", len(self._waiting))
                for future in self._waiting:
                    if not future.done():
                        future.set_result(StoreUnavailable("the ledger does not answer"))
                self._waiting.clear()
