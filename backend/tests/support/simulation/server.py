"""The server of a run: one process after the other, each with the engine that ships."""

import asyncio
from collections.abc import Callable
from functools import partial
from random import Random

from identity.errors import IdentityError
from leasing.engine import Engine
from leasing.errors import LeasingError
from leasing.store import Acquire, Call, Heartbeat, Inspect, Outcome, Reinstate, Release
from leasing.stores.sqlite import SqliteStore
from licenses.errors import LicenseRefused
from tests.support.simulation.failing_disk import FailingDisk, Faults
from tests.support.simulation.promises import PromiseBroken
from tests.support.simulation.site import Site
from tests.support.simulation.trace import EVERYTHING
from tests.support.simulation.virtual_host import VirtualHost
from tests.support.world import Address, OpenStore

LONGEST_ANSWER_SECONDS = 60.0


Answering = asyncio.Task[Outcome]


class Server:
    """Starts at once. ``faults`` are those that the disk of any of its processes will have."""

    def __init__(
        self,
        site: Site,
        database: Address,
        *,
        open_store: OpenStore,
        engine: type[Engine],
        random: Random,
    ) -> None:
        self._site = site
        self._database = database
        self._open_store = open_store
        self._engine_kind = engine
        self._random = random
        self._host: VirtualHost | None = None
        self._engine: Engine | None = None
        self._disk: FailingDisk | None = None
        self._stopping: asyncio.Task[None] | None = None
        self._answering: dict[Answering, float] = {}
        self.faults = Faults()
        self.start()

    def start(self) -> None:
        """Start a process, as after every end of one."""
        self._site.note(EVERYTHING, "server", "starts")
        self._host = VirtualHost(self._site.loop, self._random, self._power_failed)
        store = self._open_store(self._database, self._site.clock)
        assert isinstance(store, SqliteStore)
        with self._site.loop.aside():
            self._site.judge.ticked()
            self._site.judge.check_ledger()
        self._disk = FailingDisk(
            store,
            loop=self._site.loop,
            host=self._host,
            judge=self._site.judge,
            faults=self.faults,
            commit_seconds=lambda: self._random.uniform(*self._site.weather.commit_seconds),
        )
        self._engine = self._engine_kind(self._disk, host=self._host)
        self._site.loop.create_task(self._engine.start())

    def handle(self, call: Call, reply: Callable[[Answering], None]) -> Answering | None:
        """Begin to answer a call, or return None when no process is there.

        The task is canceled when the process dies.
        """
        if self._engine is None:
            return None
        self._check_oldest()
        task = self._site.loop.create_task(_answer(self._engine, call))
        self._answering[task] = self._site.loop.time()
        task.add_done_callback(partial(self._answered, reply))
        return task

    def _answered(self, reply: Callable[[Answering], None], task: Answering) -> None:
        del self._answering[task]
        reply(task)

    def power_cut(self, downtime_seconds: float) -> None:
        """End the process where it stands, and start the next one later."""
        if self._engine is None:
            return
        self._site.note(EVERYTHING, "server", f"dies for {downtime_seconds:.6f} s")
        self._bury()
        self._site.loop.after(downtime_seconds, self.start)

    def restart_in_good_order(self, downtime_seconds: float) -> None:
        """Stop the process as an operator does, and start the next one later."""
        if self._engine is None or self._stopping is not None:
            return
        self._site.note(EVERYTHING, "server", f"stops for {downtime_seconds:.6f} s")
        self._stopping = self._site.loop.create_task(self._stop_for(downtime_seconds))

    async def stop(self) -> None:
        """Stop for good, in good order, once nothing is about to go wrong."""
        self.faults.forget()
        while self._engine is None or self._stopping is not None:
            await self._site.loop.nap(1)
        await self._engine.stop()

    def abandon(self) -> None:
        """End for good, in any state."""
        if self._engine is not None:
            self._bury()

    async def _stop_for(self, downtime_seconds: float) -> None:
        assert self._engine is not None
        await self._engine.stop()
        self._engine = self._stopping = None
        self._site.loop.after(downtime_seconds, self.start)

    def _power_failed(self) -> None:
        self.power_cut(self._random.uniform(0.1, 8.0))

    def _bury(self) -> None:
        """Have nothing left of a process: no thread, no task, no file."""
        assert self._host is not None
        assert self._engine is not None
        assert self._disk is not None
        self._host.kill()
        for task in [self._stopping, self._engine._watchdog, *self._answering]:
            if task is not None:
                task.cancel()
        self._disk.vanish()
        self._engine = self._stopping = None

    def _check_oldest(self) -> None:
        since = next(iter(self._answering.values()), self._site.loop.time())
        if self._site.loop.time() - since > LONGEST_ANSWER_SECONDS:
            raise PromiseBroken("answer", "a call was never answered", license="*")


async def _answer(engine: Engine, call: Call) -> Outcome:
    try:
        if isinstance(call, Acquire):
            return await engine.acquire(call)
        if isinstance(call, Heartbeat):
            return await engine.renew(call)
        if isinstance(call, Reinstate):
            return await engine.reinstate(call)
        if isinstance(call, Inspect):
            return await engine.inspect(call)
        if isinstance(call, Release):
            return await engine.release(call)
    except (LeasingError, LicenseRefused, IdentityError) as refusal:
        return refusal
    raise TypeError(f"an engine takes no {type(call).__name__}")
