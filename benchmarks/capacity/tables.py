"""What does a lease take in the tables, and how does that grow? Also the reaper's round."""

import time
from collections.abc import Sequence

from benchmarks.capacity.fleet import ONE_IN_WITH_INSTANCE
from benchmarks.capacity.gauges import gauges
from benchmarks.capacity.heartbeats import Pace
from benchmarks.capacity.prepared import Site
from benchmarks.figures import Answer, Figure, Row, figure
from leasing.stores.postgres import PostgresStore


def answer(sites: Sequence[Site], pace: Pace) -> Answer:
    """Measure and return the answer; asked right after loading."""
    rows = [Row(f"{site.leases:,} leases", _figures(site, pace)) for site in sites]
    return Answer("tables", "Bytes in the tables for each lease?", rows, [])


def _figures(site: Site, pace: Pace) -> list[Figure]:
    with gauges(site.url) as gauge:
        instances = site.leases / ONE_IN_WITH_INSTANCE
        figures = [
            figure("seat", "B/lease", [gauge.table_bytes("seat") / site.leases]),
            figure(
                "license_session", "B/grant", [gauge.table_bytes("license_session") / site.leases]
            ),
            figure("seat_instance", "B/instance", [gauge.table_bytes("seat_instance") / instances]),
            figure("seats on a page", "rows", [site.leases / gauge.pages("seat")]),
        ]
    return [*figures, _reap(site, pace)]


def _reap(site: Site, pace: Pace) -> Figure:
    """Return how long the reaper's round takes where nothing has lapsed."""
    store = PostgresStore(site.url)
    seconds = []
    for _ in range(pace.rounds):
        began_at = time.perf_counter()
        store.reap(500)
        seconds.append(1000 * (time.perf_counter() - began_at))
    store.close()
    return figure("reaper's round", "ms", seconds)
