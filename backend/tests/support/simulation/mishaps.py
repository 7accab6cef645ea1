"""What goes wrong in a run, and when: drawn from its seed."""

from collections.abc import Callable
from random import Random
from typing import Final

from tests.support.customer import Customer
from tests.support.simulation.network import Network
from tests.support.simulation.server import Server
from tests.support.simulation.site import Site
from tests.support.simulation.trace import EVERYTHING

SHORT_SECONDS: Final = (0.1, 8.0)
LONG_SECONDS: Final = (45.0, 150.0)


class Mishaps:
    """One thing goes wrong after the other, until the run ends."""

    def __init__(self, site: Site, server: Server, network: Network, random: Random) -> None:
        self._site = site
        self._server = server
        self._network = network
        self._random = random
        self._kinds: list[tuple[Callable[[], None], int]] = [
            (self._power_cut, 4),
            (self._power_cut_within_a_commit, 4),
            (self._stop_in_good_order, 1),
            (self._jump_a_little, 1),
            (self._jump_far, 1),
            (self._jump_back, 1),
            (self._fail_commits, 2),
            (self._lose_an_acknowledgement, 2),
            (self._stall, 2),
            (self._cut_the_network, 2),
            (self._resize, 5),
            (self._suspend, 1),
        ]
        self.count = 0

    async def go_on(self) -> None:
        """Have things go wrong."""
        deeds, weights = zip(*self._kinds, strict=True)
        while True:
            await self._site.loop.nap(
                self._random.uniform(0.2, 1.8) * self._site.weather.mishap_seconds
            )
            self._random.choices(deeds, weights)[0]()
            self.count += 1

    def _power_cut(self) -> None:
        self._server.power_cut(self._downtime())

    def _power_cut_within_a_commit(self) -> None:
        self._note("the power will fail within a commit")
        self._server.faults.cut_power_at_statement = self._some_statement()

    def _stop_in_good_order(self) -> None:
        self._server.restart_in_good_order(self._downtime())

    def _downtime(self) -> float:
        span = SHORT_SECONDS if self._random.random() < 0.85 else LONG_SECONDS
        return self._random.uniform(*span)

    def _jump_a_little(self) -> None:
        self._jump(self._random.uniform(1, 20))

    def _jump_far(self) -> None:
        self._jump(self._random.uniform(60, 7_200))

    def _jump_back(self) -> None:
        self._site.witness.clock_will_go_back()
        self._jump(-self._random.uniform(1, 3_600))

    def _jump(self, seconds: float) -> None:
        self._note(f"the database's clock jumps by {seconds:+.6f} s")
        self._site.clock.jump(seconds)

    def _fail_commits(self) -> None:
        self._note("commits will fail")
        self._server.faults.fail_at_statements = [
            self._some_statement() for _ in range(self._random.randint(1, 5))
        ]

    def _some_statement(self) -> int:
        """Choose one of a transaction, which has from 4 to 80; one more is its COMMIT."""
        return self._random.randint(1, self._random.choice([6, 20, 100]))

    def _lose_an_acknowledgement(self) -> None:
        self._note("the acknowledgement of a commit will be lost")
        self._server.faults.lose_acknowledgements += 1

    def _stall(self) -> None:
        seconds = self._random.uniform(5, 15)
        self._note(f"a commit will take {seconds:.6f} s")
        self._server.faults.stall_seconds = seconds

    def _cut_the_network(self) -> None:
        seconds = self._random.uniform(2, 60)
        self._note(f"the network is cut for {seconds:.6f} s")
        self._network.cut_for(seconds)

    def _resize(self) -> None:
        customer = self._some_customer()
        seats = max(1, customer.license.seats + self._random.choice([-4, -2, -1, 1, 2, 4]))
        self._site.note(customer.name, "vendor", f"sells {seats} seats")
        with self._site.loop.aside():
            customer.resize(seats)

    def _suspend(self) -> None:
        customer = self._some_customer()
        if customer.license.status == "suspended":
            return
        seconds = self._random.uniform(5, 200)
        self._site.note(customer.name, "vendor", f"suspends for {seconds:.6f} s")
        with self._site.loop.aside():
            customer.suspend()
        self._site.loop.after(seconds, self._reinstate, customer)

    def _reinstate(self, customer: Customer) -> None:
        with self._site.loop.aside():
            customer.reinstate()

    def _some_customer(self) -> Customer:
        return self._random.choice(self._site.customers)

    def _note(self, what: str) -> None:
        self._site.note(EVERYTHING, "mishap", what)
