"""The database is away for longer than a lease lives: nobody who kept beating loses a seat."""

import time
from dataclasses import replace

from faults.cluster import SEED, USUAL, Cluster
from faults.verdict import assert_promises_kept
from support.crowd import STAMP_SECONDS

from leasing.rules import GAP_SECONDS
from tests.support.telling import tell

HABITS = replace(USUAL, ttl_seconds=12, pace_seconds=0.02)
OUTAGE_SECONDS = GAP_SECONDS + STAMP_SECONDS


def test_s2_s3_a_database_stopped_for_longer_than_a_lease_costs_nobody_a_seat(
    cluster: Cluster,
) -> None:
    assert HABITS.ttl_seconds < OUTAGE_SECONDS
    cluster.shorten_leases(HABITS)
    cluster.start(servers=2)

    with cluster.crowd(HABITS, seed=SEED) as crowd:
        crowd.wait_for_calls(300)
        silent_ms = crowd.milliseconds()
        cluster.database.stop()
        crowd.pause(OUTAGE_SECONDS)
        cluster.database.start()
        crowd.note_hold(silent_ms)
        began = time.monotonic()
        crowd.wait_until_the_faithful_are_back()
        tell(f"\nall {HABITS.faithful} were back {time.monotonic() - began:.1f} s after the outage")
        crowd.wait_for_calls(300)
        crowd.wait_until_the_faithful_are_back()

    assert_promises_kept(crowd, cluster.books(), name="outage")


def test_s2_servers_and_database_away_together_cost_nobody_a_seat(cluster: Cluster) -> None:
    cluster.shorten_leases(HABITS)
    cluster.start(servers=2)

    with cluster.crowd(replace(HABITS, restless=4), seed=SEED + 1) as crowd:
        crowd.wait_for_calls(100)
        silent_ms = crowd.milliseconds()
        for server in cluster.servers:
            server.kill()
        cluster.database.kill()
        crowd.pause(OUTAGE_SECONDS)
        cluster.database.start()
        for server in cluster.servers:
            cluster.kill_and_revive(server)
        crowd.note_hold(silent_ms)
        crowd.wait_until_the_faithful_are_back()

    assert_promises_kept(crowd, cluster.books(), name="outage of all")
