"""One run: a seed, and what came of it."""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Any

from leasing.engine import Engine
from tests.support.ledger import contradictions, denials, seat_records
from tests.support.simulation.mishaps import Mishaps
from tests.support.simulation.network import Network
from tests.support.simulation.program import Program
from tests.support.simulation.promises import PromiseBroken
from tests.support.simulation.server import Server
from tests.support.simulation.site import Site
from tests.support.world import Address, OpenStore, open_sqlite

_log = logging.getLogger("leasing.engine")

DEVICES_PER_SEAT = 1.25
"""More than there are seats, so that most licenses are full most of the time."""

TRACE_LINES = 40


@dataclass(frozen=True)
class Verdict:
    """What came of a run. ``broken`` is the id of the promise that ended it, or None.

    ``operations`` counts calls that reached the engine, and mishaps; ``about`` says what happened
    to the lease in question.
    """

    seed: int
    operations: int
    virtual_seconds: float
    digest: str
    most_holders: int
    broken: str | None = None
    about: str = ""


class Run:
    """One seed on a fresh database, which is Django's default one as well."""

    def __init__(
        self,
        seed: int,
        database: Address,
        *,
        open_store: OpenStore = open_sqlite,
        engine: type[Engine] = Engine,
    ) -> None:
        self._seed = seed
        self.site = Site(Random(f"site {seed}"))
        self._server = Server(
            self.site,
            database,
            open_store=open_store,
            engine=engine,
            random=Random(f"server {seed}"),
        )
        self._network = Network(self.site, self._server, Random(f"network {seed}"))
        self._mishaps = Mishaps(self.site, self._server, self._network, Random(f"mishaps {seed}"))
        self._begin()

    def play(self, operations: int) -> Verdict:
        """Go on until so many calls and mishaps have been, or a promise is broken."""
        try:
            _log.disabled = True  # the engine complains of every mishap
            self._network.stop_after(operations)
            self.site.loop.run_forever()
            self._tasks[-1].cancel()
            self.site.loop.run_until_complete(self._server.stop())
            self._audit()
        except PromiseBroken as broken:
            return self._verdict(broken)
        finally:
            self._end()
        return self._verdict()

    @property
    def _operations(self) -> int:
        return self._network.calls + self._mishaps.count

    def _begin(self) -> None:
        programs = [program.run() for program in self._programs()]
        self._tasks = [
            self.site.loop.create_task(forever) for forever in [*programs, self._mishaps.go_on()]
        ]
        for task in self._tasks:
            task.add_done_callback(_surface)

    def _programs(self) -> list[Program]:
        random = Random(f"programs {self._seed}")
        return [
            Program(
                self.site,
                self._network,
                customer,
                device=f"device-{number}",
                instance=instance,
                random=Random(f"program {self._seed} {customer.name} {number} {instance}"),
            )
            for customer in self.site.customers
            for number in range(2 + int(DEVICES_PER_SEAT * customer.license.seats))
            for instance in random.choice([("",), ("",), ("",), ("editor", "renderer")])
        ]

    def _audit(self) -> None:
        """Compare what the ledger recorded with what the model says there must be (S15)."""
        for customer in self.site.customers:
            model = self.site.judge.model
            found = contradictions(customer)
            if Counter(seat_records(customer)) != Counter(model.records_of(customer)):
                found.append("the audit records are not one for each change")
            if denials(customer) != model.denials_of(customer):
                found.append("the denials are not counted one by one")
            if found:
                raise PromiseBroken("S15", found[0], license=customer.name)

    def _end(self) -> None:
        """Leave nothing behind that waits for a time that will not come."""
        _log.disabled = False
        self._server.abandon()
        while tasks := asyncio.all_tasks(self.site.loop):
            for task in tasks:
                task.remove_done_callback(_surface)
                task.cancel()
            with suppress(PromiseBroken):  # one is enough
                self.site.loop.run_until_complete(_all_ended(tasks))

    def _verdict(self, broken: PromiseBroken | None = None) -> Verdict:
        trace = self.site.trace
        lines = trace.about(broken.license, broken.device, TRACE_LINES) if broken else []
        return Verdict(
            seed=self._seed,
            operations=self._operations,
            virtual_seconds=self.site.loop.time(),
            digest=trace.digest,
            most_holders=self.site.witness.most_holders,
            broken=broken.promise if broken else None,
            about="\n".join([*lines, str(broken)]) if broken else "",
        )


def _surface(task: asyncio.Task[None]) -> None:
    """Let what a program found end the run."""
    if not task.cancelled():
        task.result()


async def _all_ended(tasks: Iterable[asyncio.Task[Any]]) -> None:
    await asyncio.gather(*tasks, return_exceptions=True)
