"""A program as the SDK's contract has it: it acquires, beats, retries, releases and crashes."""

from random import Random

from leasing.errors import LeaseLost, SeatsExhausted, SessionUnknown
from leasing.store import Call, Lease, Outcome, Released
from tests.support.customer import Customer
from tests.support.simulation.network import Network
from tests.support.simulation.site import Site
from tests.support.simulation.weather import LATEST_SECONDS, MOST_PATIENCE_SECONDS
from tests.support.simulation.witness import Holder

UNTIL_ALL_IS_QUIET_SECONDS = MOST_PATIENCE_SECONDS + 2 * LATEST_SECONDS + 60.0
"""When no copy of a release is under way any more, which would end what is acquired after it."""


class Program:
    """One instance on one device of one customer, started and started again until the run ends."""

    def __init__(
        self,
        site: Site,
        network: Network,
        customer: Customer,
        *,
        device: str,
        instance: str,
        random: Random,
    ) -> None:
        self._site = site
        self._network = network
        self._customer = customer
        self._random = random
        self._interval = float(customer.license.heartbeat_interval_seconds)
        self._ttl = float(customer.license.ttl_seconds)
        self._holder = Holder(customer.name, device, instance, int(self._interval))
        self._session = ""

    async def run(self) -> None:
        """Start, hold a seat for a while, end, and start again."""
        await self._site.loop.nap(self._random.uniform(0, self._interval))
        while True:
            await self._obtain()
            await self._keep()

    async def _obtain(self) -> None:
        """Ask until there is a seat, as an impatient person does."""
        failures = 0
        while not await self._ask(self._acquire()):
            failures += 1
            await self._site.loop.nap(self._back_off(failures, longest=self._ttl))

    async def _keep(self) -> None:
        """Beat until the lease is lost, or this is no longer wanted."""
        while self._session:
            await self._site.loop.nap(self._interval * self._random.uniform(0.85, 1.0))
            chance = self._random.random()
            if chance < 0.03:
                await self._give_back()
            elif chance < 0.05:
                await self._crash()
            elif chance < 0.06:
                await self._site.loop.nap(self._ttl * self._random.uniform(0.3, 2.5))  # suspended
            elif chance < 0.065:
                await self._pry()
            else:
                await self._beat()

    async def _beat(self) -> None:
        """Renew, however often it takes, until somebody says that the lease is lost."""
        failures = 0
        while self._session and not await self._ask(self._heartbeat()):
            failures += 1
            if failures > 20:
                self._session = ""  # as if it had been started anew
            await self._site.loop.nap(self._back_off(failures))

    async def _give_back(self) -> None:
        call = self._customer.release(self._session, self._holder.instance)
        self._site.witness.gives_back(self._holder)
        for failures in range(1, 4):
            if isinstance(await self._ask_once(call), Released):
                break
            await self._site.loop.nap(self._back_off(failures))
        self._session = ""
        await self._site.loop.nap(UNTIL_ALL_IS_QUIET_SECONDS)

    async def _crash(self) -> None:
        """Lose the memory of the session; whoever starts the program again knows nothing."""
        self._note("crashes")
        self._session = ""
        await self._site.loop.nap(self._random.uniform(0, 1.5 * self._ttl))

    async def _pry(self) -> None:
        """Reach for the session of somebody else, whose id leaked (S11)."""
        session = self._random.choice(self._site.judge.model.running())
        if session.customer is not self._customer:
            await self._ask_once(self._customer.release(session.id))

    def _acquire(self) -> Call:
        return self._customer.acquire(self._holder.device, self._holder.instance)

    def _heartbeat(self) -> Call:
        return self._customer.heartbeat(self._session, self._holder.instance)

    async def _ask(self, call: Call) -> bool:
        """Ask once and believe the reply; return whether a seat is held after it."""
        sent_at = self._site.loop.time()
        outcome = await self._ask_once(call)
        if isinstance(outcome, Lease):
            self._believe(outcome, sent_at)
            return True
        if isinstance(outcome, LeaseLost | SessionUnknown):
            self._site.witness.was_lost(self._holder, self._session, sent_at=sent_at)
            self._session = ""
        return False

    def _believe(self, lease: Lease, sent_at: float) -> None:
        limit = self._site.judge.limits[lease.session_id]
        self._site.witness.was_held(self._holder, lease, sent_at=sent_at, limit=limit)
        self._session = lease.session_id

    async def _ask_once(self, call: Call) -> Outcome | None:
        self._note(f"sends {type(call).__name__}")
        outcome = await self._network.ask(call)
        self._note(self._in_words(outcome))
        return outcome

    def _in_words(self, outcome: Outcome | None) -> str:
        if isinstance(outcome, Lease):
            session = self._site.trace.name_of(outcome.session_id)
            seconds = (outcome.lease_expires_at - outcome.now).total_seconds()
            return f"holds {session}, gen {outcome.gen}, for {seconds:.6f} s"
        if isinstance(outcome, SeatsExhausted):
            return f"is denied, {outcome.in_use} in use"
        return "hears nothing" if outcome is None else f"is told {type(outcome).__name__}"

    def _back_off(self, failures: int, longest: float = 0.0) -> float:
        """Return a pause with full jitter, at the most half an interval for a program that runs."""
        return self._random.uniform(0, min(longest or self._interval / 2, 2.0**failures))

    def _note(self, what: str) -> None:
        self._site.note(self._holder.license, self._who, what)

    @property
    def _who(self) -> str:
        return f"{self._holder.device}/{self._holder.instance}"
