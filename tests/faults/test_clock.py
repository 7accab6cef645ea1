"""The clock of the database jumps by an hour, both ways, under load (S13)."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from faults.cluster import SEED, USUAL, Cluster
from faults.database import Database
from faults.database_clock import DatabaseClock, libfaketime
from faults.verdict import assert_promises_kept

from tests.support.telling import tell

HABITS = replace(USUAL, restless=6, pace_seconds=0.02)
MOST_FAILURES = 50
"""PostgreSQL's timeouts go by the time of day: a jump ends the statements that run just then."""
HOUR = 3_600
JUMPS = {"an hour ahead": HOUR, "back again": 0, "an hour behind": -HOUR, "ahead again": 0}


@pytest.fixture
def clock(founded: Path, folder: Path) -> DatabaseClock:
    library = libfaketime()
    if library is None:
        pytest.skip("NO libfaketime ON THIS MACHINE (apt install faketime): NO CLOCK WAS MOVED")
    return DatabaseClock(folder / "clock", library)


@pytest.fixture
def cluster(founded: Path, folder: Path, clock: DatabaseClock) -> Iterator[Cluster]:
    database = Database(folder / "postgres", environment=clock.environment)
    with Cluster(folder, founded, database=database) as made:
        database.start()
        yield made


def test_s1_s2_s13_an_hour_more_or_less_on_the_databases_clock_costs_nobody_a_seat(
    cluster: Cluster, clock: DatabaseClock
) -> None:
    cluster.shorten_leases(HABITS)
    cluster.start(servers=2)
    day = "SELECT extract(epoch FROM clock_timestamp())"

    with cluster.crowd(HABITS, seed=SEED) as crowd:
        crowd.wait_for_calls(100)
        for jump, seconds in JUMPS.items():
            before = float(cluster.database.ask(day)[0][0])
            clock.move_to(seconds)
            after = float(cluster.database.ask(day)[0][0])
            tell(f"\nthe database's clock is {jump}: it moved by {after - before:+.0f} s")
            assert abs(abs(after - before) - HOUR) < 5
            crowd.wait_for_calls(200)
            crowd.wait_until_the_faithful_are_back()

    assert crowd.failures < MOST_FAILURES
    assert_promises_kept(crowd, cluster.books(), name="clock")
