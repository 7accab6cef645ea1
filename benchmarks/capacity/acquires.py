"""How many seats a second do two processes hand out, store alone?

Every call is for a device nobody had before: seat, session, audit record. Batches of 48, as 48
connections in a closed loop make them. Nothing is signed. Rows:

- *spread*: over the licenses of the fleet, one after the other.
- *one hot license*: all of one license of 50,000 seats, from both processes.

A round ends early when its share of the seats is used up.
"""

from collections.abc import Sequence
from typing import Final

from benchmarks.capacity.driver import Grants
from benchmarks.capacity.drivers import run_side_by_side
from benchmarks.capacity.heartbeats import PROCESSES, Pace, store_figures
from benchmarks.capacity.prepared import ROOM, IssuedLicense, Site
from benchmarks.figures import Answer, Row, Target

BATCH: Final = 48
_SPREAD_OVER: Final = 20
_TARGETS: Final = {"spread": Target(at_least=1_500), "one hot license": Target(at_least=1_000)}


def answer(site: Site, pace: Pace) -> Answer:
    """Measure and return the answer."""
    rows = []
    for name, licenses in (
        ("spread", site.ledger.licenses[:_SPREAD_OVER]),
        ("one hot license", [site.ledger.hot]),
    ):
        pace.say(f"acquires, {name}")
        rows.append(_row(site, pace, name, licenses))
    return Answer("store_acquires", "Seats granted a second, store alone?", rows, [])


def _row(site: Site, pace: Pace, name: str, licenses: Sequence[IssuedLicense]) -> Row:
    free = len(licenses) * ROOM // (pace.rounds * PROCESSES)
    work = Grants([license_.key_hmacs for license_ in licenses], free)
    stretches = [
        run_side_by_side(site, [work] * PROCESSES, BATCH, pace.seconds) for _ in range(pace.rounds)
    ]
    figures = store_figures(stretches, "acquire", {"rate": _TARGETS[name]})
    return Row(name, [one for one in figures if one.name != "HOT updates"])
