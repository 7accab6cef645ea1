"""How many durable heartbeats a second does the store carry, and what does each leave behind?

Two processes, each with a store and nothing else, in batches of 500: the most that an engine makes,
and what it makes when a server is busy. Every size has a database of its own on one PostgreSQL, and
they take turns, so that noise hits all sizes alike. Rows:

- *heartbeat*: no token is due. The target is for this row.
- *with a token*: one is, so the session counts it: about every second heartbeat of a client.
- *of an instance*: as the SDK sends it; the instance's share moves too.
- *after a checkpoint*, asked apart: the first change of each page since then logs the whole page.
"""

from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

from benchmarks.capacity.driver import Beats
from benchmarks.capacity.drivers import Stretch, run_side_by_side
from benchmarks.capacity.gauges import gauges
from benchmarks.capacity.prepared import Site
from benchmarks.figures import Answer, Figure, Row, Target, figure
from benchmarks.machine import CORES

BATCH: Final = 500
PROCESSES: Final = 2
_RATE: Final = Target(at_least=30_000)
_GROWTH: Final = Target(at_least=0.9)
_HOT: Final = Target(at_least=0.85)
_PLAIN: Final = "heartbeat"
_KINDS: Final = {
    _PLAIN: (False, False),
    "with a token": (True, False),
    "of an instance": (False, True),
}


class Pace(Struct, frozen=True):
    """How long and how often each row is measured, and where progress is said."""

    seconds: float
    rounds: int
    say: Callable[[str], None]


def answer(sites: Sequence[Site], pace: Pace) -> Answer:
    """Measure and return the answer; the last site is the largest."""
    stretches: dict[tuple[str, int], list[Stretch]] = {}
    for number in range(1, pace.rounds + 1):
        for kind in _KINDS:
            for site in sites:
                stretch = _beat(site, kind, pace.seconds)
                stretches.setdefault((kind, site.leases), []).append(stretch)
                pace.say(
                    f"round {number} of {pace.rounds}, {kind}, {site.leases:,} leases: "
                    f"{stretch.per_second:,.0f}/s"
                )
    rows = [
        Row(_name(kind, leases), store_figures(many, "heartbeat", _targets(kind, leases, sites)))
        for (kind, leases), many in stretches.items()
    ]
    if len(sites) > 1:
        rows.append(_growth(stretches, sites))
    return Answer("store_heartbeats", "Durable heartbeats a second, store alone?", rows, [])


def after_a_checkpoint(site: Site, pace: Pace) -> Answer:
    """Measure plain heartbeats that log whole pages; asked last, because it disturbs the others."""
    with gauges(site.url) as gauge:
        gauge.checkpoint()
    pace.say("heartbeats after a checkpoint")
    figures = store_figures([_beat(site, _PLAIN, pace.seconds)], "heartbeat", {})
    row = Row(_name("after a checkpoint", site.leases), figures)
    return Answer("after_a_checkpoint", "Heartbeats that log whole pages?", [row], [])


def store_figures(many: Sequence[Stretch], thing: str, targets: dict[str, Target]) -> list[Figure]:
    """Return what stretches of work on a store came to, for each thing done."""

    def of_each(name: str, unit: str, value: Callable[[Stretch], float]) -> Figure:
        return figure(name, unit, [value(one) for one in many], targets.get(name))

    return [
        of_each("rate", f"{thing}s/s", lambda one: one.per_second),
        of_each("wait of a batch, p50", "ms", lambda one: one.wait_ms(0.5)),
        of_each("wait of a batch, p99", "ms", lambda one: one.wait_ms(0.99)),
        of_each("wait of a batch, p99.9", "ms", lambda one: one.wait_ms(0.999)),
        of_each("WAL", f"B/{thing}", lambda one: one.counters.wal_position / one.calls),
        of_each("whole pages in it", f"1/{thing}", lambda one: one.counters.wal_pages / one.calls),
        of_each("HOT updates", "ratio", _hot_share),
        of_each("store CPU", f"µs/{thing}", lambda one: 1e6 * one.driver_seconds / one.calls),
        of_each("database CPU", f"µs/{thing}", lambda one: 1e6 * one.database_seconds / one.calls),
        of_each("foreign CPU", "% of cores", _foreign_percent),
    ]


def _beat(site: Site, kind: str, seconds: float) -> Stretch:
    wants_token, of_instances = _KINDS[kind]
    works = [
        Beats(site.leases, number, PROCESSES, wants_token, of_instances)
        for number in range(PROCESSES)
    ]
    return run_side_by_side(site, works, BATCH, seconds)


def _growth(stretches: dict[tuple[str, int], list[Stretch]], sites: Sequence[Site]) -> Row:
    small, large = (stretches[_PLAIN, site.leases] for site in (sites[0], sites[-1]))
    shares = [big.per_second / little.per_second for big, little in zip(large, small, strict=True)]
    name = f"{sites[-1].leases:,} of {sites[0].leases:,}"
    return Row("growth", [figure(f"rate at {name}", "ratio", shares, _GROWTH)])


def _targets(kind: str, leases: int, sites: Sequence[Site]) -> dict[str, Target]:
    if leases != sites[-1].leases:
        return {}
    return {"rate": _RATE, "HOT updates": _HOT} if kind == _PLAIN else {"HOT updates": _HOT}


def _name(kind: str, leases: int) -> str:
    return f"{kind}, {leases:,}"


def _hot_share(one: Stretch) -> float:
    return one.counters.hot_updates / max(1.0, one.counters.seat_updates)


def _foreign_percent(one: Stretch) -> float:
    foreign = one.busy_seconds - one.driver_seconds - one.database_seconds
    return 100 * max(0.0, foreign) / (one.seconds * CORES)
