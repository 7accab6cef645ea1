"""Engines with one bug each, and the rush that finds them.

The rush: programs call one engine at the same time over a SQLite ledger of few seats, the process
is killed, and what was answered is compared with what is there.
"""

import asyncio
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Final

from msgspec import structs

from coditect_license_token import hardware_binding
from foundation.clock import utc_now
from leasing.engine import Engine
from leasing.errors import LeasingError
from leasing.models import Seat
from leasing.store import Call, Heartbeat, Lease, Outcome, Release, Released
from leasing.stores.sqlite import SqliteStore
from tests.support.crashing import crash
from tests.support.customer import Customer

PROGRAMS: Final = 24
SEATS: Final = 8
ROUNDS: Final = 12
_PATIENCE_SECONDS: Final = 3
_Waiting = tuple[Call, "asyncio.Future[Outcome]"]


class AnswersBeforeTheCommit(Engine):
    """Answers a heartbeat from memory; only the first of each session is ever written."""

    async def renew(self, call: Heartbeat) -> Lease:
        remembered: dict[str, Lease] = self.__dict__.setdefault("remembered", {})
        known = remembered.get(call.session_id)
        if known is None:
            known = remembered[call.session_id] = await super().renew(call)
        now = utc_now()
        return structs.replace(
            known, now=now, lease_expires_at=now + timedelta(seconds=known.terms.ttl_seconds)
        )


class MixesAnswersUp(Engine):
    """Gives each caller of a batch its neighbour's answer."""

    def _deliver(self, batch: list[_Waiting], outcomes: list[Outcome]) -> None:
        super()._deliver(batch, outcomes[1:] + outcomes[:1])


class FailsAllForOne(Engine):
    """Refuses a whole batch when one call of it is refused."""

    def _outcomes(self, batch: list[_Waiting]) -> list[Outcome]:
        outcomes = super()._outcomes(batch)
        refused = next((one for one in outcomes if isinstance(one, Exception)), None)
        return outcomes if refused is None else [refused] * len(outcomes)


class LosesTheLastOfManyCalls(Engine):
    """Takes one call more from the queue than it commits."""

    def _commit(self, batch: list[_Waiting]) -> None:
        super()._commit(batch[:-1] if len(batch) > 2 else batch)


PLANTED: Final[dict[str, tuple[type[Engine], str]]] = {
    "answers before the commit": (AnswersBeforeTheCommit, "S14"),
    "mixes the answers of a batch up": (MixesAnswersUp, "S4"),
    "fails a whole batch for one call": (FailsAllForOne, "S3"),
    "loses the last of many calls": (LosesTheLastOfManyCalls, "S17"),
}
"""Each bug by name: the engine, and what the rush must find."""


class Rush:
    """Programs that acquire, beat and release on one engine, each one call at a time."""

    def __init__(self, database: Path, engine: type[Engine]) -> None:
        self.customer = Customer("alice", seats=SEATS)
        self.found: set[str] = set()
        self._store = SqliteStore(database)
        self._engine = engine(self._store)
        self._held: dict[str, Lease] = {}
        self._most_held = 0

    def run(self) -> set[str]:
        """Return the ids of what was broken."""
        asyncio.run(self._live_and_be_killed())
        self._compare()
        return self.found

    async def _live_and_be_killed(self) -> None:
        await self._engine.start()
        await asyncio.gather(*(self._live(f"device-{number}") for number in range(PROGRAMS)))
        watchdog = self._engine._watchdog
        assert watchdog is not None
        watchdog.cancel()
        self._engine._queue.put(None)
        await self._engine._writer.ended()
        crash(self._store)

    async def _live(self, device: str) -> None:
        random = Random(device)
        for _ in range(ROUNDS):
            held = self._held.get(device)
            try:
                await asyncio.wait_for(self._call(device, held, random), _PATIENCE_SECONDS)
            except TimeoutError:
                self.found.add("S17")
                return
            except (LeasingError, TypeError) as error:
                self._judge(held, error)

    async def _call(self, device: str, held: Lease | None, random: Random) -> None:
        if held is None:
            lease = await self._engine.acquire(self.customer.acquire(device))
            self._learn(device, lease)
        elif random.random() < 0.2:
            released: Released = await self._engine.release(self._release(held))
            assert isinstance(released, Released)
            del self._held[device]
        else:
            beat = self.customer.heartbeat(held.session_id)
            self._learn(device, await self._engine.renew(beat))

    def _release(self, held: Lease) -> Release:
        return self.customer.release(held.session_id)

    def _learn(self, device: str, lease: Lease) -> None:
        own = hardware_binding(str(self.customer.license.id), device)
        if lease.device != own:
            self.found.add("S4")
        self._held[device] = lease
        self._most_held = max(self._most_held, len(self._held))

    def _judge(self, held: Lease | None, error: Exception) -> None:
        """A holder is never refused; only who has no seat may be."""
        if isinstance(error, TypeError):
            self.found.add("S4")
        elif held is not None:
            self.found.add("S2")

    def _compare(self) -> None:
        """Compare with the ledger; and of seats that so many want, none may stay free."""
        if self._most_held < SEATS:
            self.found.add("S3")
        ends = {str(seat.session_id): seat.lease_expires_at for seat in Seat.across_tenants.all()}
        for lease in self._held.values():
            end = ends.get(lease.session_id)
            if end is None or end < lease.lease_expires_at:
                self.found.add("S14")
