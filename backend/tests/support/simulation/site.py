"""What everybody in a run shares: its loop, clocks, customers and watchers."""

from random import Random

from tests.support.customer import Customer
from tests.support.simulation.clocks import DatabaseClock
from tests.support.simulation.judge import Judge
from tests.support.simulation.trace import Trace
from tests.support.simulation.virtual_loop import VirtualLoop
from tests.support.simulation.weather import Weather
from tests.support.simulation.witness import Witness

_TERMS = ((60, 20), (60, 20), (90, 30), (180, 60), (360, 120))
"""TTL and heartbeat interval, in seconds."""

MOST_SEATS = 20


class Site:
    """One installation with its vendor's customers, as a seed draws it."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.weather = Weather.drawn(random)
        self.loop = VirtualLoop()  # type: ignore[abstract]  # as much of one as the engine asks for
        self.clock = DatabaseClock(self.loop)
        self.trace = Trace()
        self.customers = [
            _customer(number, random) for number in range(random.choice([3, 16, 32, 40]))
        ]
        self.witness = Witness(self.loop, self.clock)
        self.judge = Judge(self.clock, self.customers, self.witness.hold_began)

    def note(self, license: str, who: str, what: str) -> None:
        """Add to the trace what happens now."""
        self.trace.add(self.loop.time(), license, who, what)


def _customer(number: int, random: Random) -> Customer:
    ttl, interval = random.choice(_TERMS)
    return Customer(
        f"tenant-{number}",
        seats=random.randint(1, MOST_SEATS),
        ttl_seconds=ttl,
        heartbeat_interval_seconds=interval,
    )
