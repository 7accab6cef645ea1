"""Connections cut and servers paused in the middle of whatever they do."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

from faults.cluster import SEATS, SEED, Cluster
from faults.verdict import assert_promises_kept
from support.crowd import Habits
from support.server import RunningServer

from tests.support.telling import tell

HABITS = Habits(
    seats=SEATS,
    restless=8,
    faithful=6,
    ttl_seconds=30,
    interval_seconds=4,
    pace_seconds=0.005,
    may_fail=True,
)
STORM_SECONDS = 15
MOST_PAUSES = 200
BOUND_SECONDS = 8
"""Within it a license locked by a server that is gone can be granted from again."""

TERMINATE = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"""

LOCKERS = """
SELECT a.pid, a.xact_start::text FROM pg_stat_activity AS a JOIN pg_locks AS k ON k.pid = a.pid
WHERE a.state = 'idle in transaction' AND k.relation = 'license'::regclass
  AND k.mode = 'RowShareLock' AND k.granted"""


def test_s1_s4_s14_a_storm_of_cut_connections_loses_nothing(cluster: Cluster) -> None:
    cluster.shorten_leases(HABITS)
    cluster.start(servers=2)
    cut = 0

    with cluster.crowd(HABITS, seed=SEED) as crowd:
        until = time.monotonic() + STORM_SECONDS
        while time.monotonic() < until:
            ((number,),) = cluster.database.ask(TERMINATE)
            cut += number
            crowd.pause(0.05)
        crowd.wait_for_calls(200)
        crowd.wait_until_the_faithful_are_back()

    tell(f"\n{cut} connections cut in {STORM_SECONDS} s")
    assert cut > 100
    assert_promises_kept(crowd, cluster.books(), name="storm")


@contextmanager
def paused_while_it_holds_a_license(cluster: Cluster, server: RunningServer) -> Iterator[None]:
    """Stop a process, as a paused machine is, at a moment when it has a license locked."""
    for _ in range(MOST_PAUSES):
        os.kill(server.process.pid, signal.SIGSTOP)
        try:
            lockers = set(cluster.database.ask(LOCKERS))
            time.sleep(0.02)
            if lockers & set(cluster.database.ask(LOCKERS)):
                yield
                return
        finally:
            os.kill(server.process.pid, signal.SIGCONT)
        time.sleep(0.003)
    raise AssertionError("it was never caught with a license locked")


def test_s8_s17_a_server_paused_in_a_transaction_does_not_stop_the_others(
    cluster: Cluster,
) -> None:
    cluster.shorten_leases(HABITS)
    cluster.start(servers=2)
    paused, other = cluster.servers

    with cluster.crowd(HABITS, seed=SEED) as crowd:
        crowd.wait_for_calls(100)
        with paused_while_it_holds_a_license(cluster, paused):
            began = time.monotonic()
            crowd.addresses = [other.address]
            while not cluster.database.ask(
                "SELECT 1 FROM license_session WHERE started_at > clock_timestamp()"
                f" - interval '1 second' * {time.monotonic() - began}"
            ):
                assert time.monotonic() - began < BOUND_SECONDS, "no seat can be granted"
                crowd.pause(0.1)
            waited = time.monotonic() - began
        crowd.wait_for_calls(300)
        crowd.wait_until_the_faithful_are_back()

    tell(f"\nbeside a server paused in its transaction a grant came after {waited:.1f} s")
    assert_promises_kept(crowd, cluster.books(), name="pause")
