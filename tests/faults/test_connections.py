"""Connections cut and servers paused in the middle of whatever they do."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

from faults.cluster import SEED, USUAL, Cluster
from faults.verdict import assert_promises_kept
from support.crowd import Crowd
from support.server import RunningServer

from tests.support.telling import tell
from tests.support.waiting import until

STORM_SECONDS = 15
MOST_PAUSES = 200
CALLS_BESIDE_A_PAUSE = 20
"""Who waits for no lock gets so many answers, and then nothing was locked."""
BOUND_SECONDS = 8
"""Within it a license locked by a server that is gone can be granted from again."""

TERMINATE = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"""

LOCKERS = """
SELECT a.pid FROM pg_stat_activity AS a JOIN pg_locks AS k ON k.pid = a.pid
WHERE a.state = 'idle in transaction' AND k.relation = 'license'::regclass
  AND k.mode = 'RowShareLock' AND k.granted
  AND EXISTS (SELECT 1 FROM pg_stat_activity AS w
              WHERE a.pid = ANY(pg_blocking_pids(w.pid)) AND w.xact_start > '{}')"""
"""Who has a license locked that somebody waits for whose transaction began after an instant.

Of two servers with a connection each, one paused before that instant, the other is who waits.
"""


def test_s1_s4_s14_a_storm_of_cut_connections_loses_nothing(cluster: Cluster) -> None:
    cluster.shorten_leases(USUAL)
    cluster.start(servers=2)
    cut = 0

    with cluster.crowd(USUAL, seed=SEED) as crowd:
        over_at = time.monotonic() + STORM_SECONDS
        while time.monotonic() < over_at:
            ((number,),) = cluster.database.ask(TERMINATE)
            cut += number
            crowd.pause(0.05)
        crowd.wait_for_calls(200)
        crowd.wait_until_the_faithful_are_back()

    tell(f"\n{cut} connections cut in {STORM_SECONDS} s")
    assert cut > 100
    assert_promises_kept(crowd, cluster.books(), name="storm")


@contextmanager
def paused_while_it_holds_a_license(
    cluster: Cluster, server: RunningServer, crowd: Crowd
) -> Iterator[None]:
    """Stop a process, as a paused machine is, at a moment when it has a license locked."""
    for _ in range(MOST_PAUSES):
        os.kill(server.process.pid, signal.SIGSTOP)
        try:
            if others_wait(cluster, crowd):
                yield
                return
        finally:
            os.kill(server.process.pid, signal.SIGCONT)
        crowd.wait_for_calls(1)
    raise AssertionError("it was never caught with a license locked")


def others_wait(cluster: Cluster, crowd: Crowd) -> bool:
    """Tell whether a lock of a server that is paused keeps the others from going on."""
    ((paused_at,),) = cluster.database.ask("SELECT clock_timestamp()::text")
    enough = crowd.answers + CALLS_BESIDE_A_PAUSE
    lockers: list[object] = []

    def is_clear() -> bool:
        lockers.extend(cluster.database.ask(LOCKERS.format(paused_at)))
        return bool(lockers) or crowd.answers >= enough

    until(is_clear)
    return bool(lockers)


def test_s8_s17_a_server_paused_in_a_transaction_does_not_stop_the_others(
    cluster: Cluster,
) -> None:
    cluster.shorten_leases(USUAL)
    cluster.start(servers=2)
    paused, other = cluster.servers

    with cluster.crowd(USUAL, seed=SEED) as crowd:
        crowd.wait_for_calls(100)
        with paused_while_it_holds_a_license(cluster, paused, crowd):
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
