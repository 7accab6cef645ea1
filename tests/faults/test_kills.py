"""kill -9 of PostgreSQL and of servers, a hundred times, while a crowd holds and fights for seats.

Everything comes back by itself: PostgreSQL by crash recovery, servers because something starts
them again. What was acknowledged is there, nobody who kept beating lost a seat, and no seat was
held twice.
"""

import time
from collections import Counter
from dataclasses import replace
from random import Random

from faults.cluster import SEED, USUAL, Cluster
from faults.verdict import assert_promises_kept, findings

from tests.support.telling import tell

CYCLES = {"postgres": 25, "postmaster": 25, "backend": 25, "server": 40}
MOST_KILLS_UNTIL_FOUND = 20
CALLS_BETWEEN_KILLS = (5, 40)
HABITS = replace(USUAL, ttl_seconds=60, pace_seconds=0.01)


def kill(cluster: Cluster, what: str, random: Random) -> None:
    database = cluster.database
    if what == "server":
        cluster.kill_and_revive(random.choice(cluster.serving()))
    elif what == "backend":
        database.kill_backend()
    else:
        database.kill() if what == "postgres" else database.kill_postmaster()
        database.start()


def test_s1_s2_s8_s14_a_hundred_kills_of_postgresql_and_of_servers_lose_nothing(
    cluster: Cluster,
) -> None:
    random, began = Random(SEED), time.monotonic()
    cluster.shorten_leases(HABITS)
    cluster.start(servers=2)
    waiting = [what for what, times in CYCLES.items() for _ in range(times)]
    random.shuffle(waiting)
    done: Counter[str] = Counter()

    with cluster.crowd(HABITS, seed=SEED) as crowd:
        while waiting:
            crowd.wait_for_calls(random.randint(*CALLS_BETWEEN_KILLS))
            able = [what for what in waiting if what != "server" or cluster.serving()]
            what = able[0] if able else waiting[0]
            if not able:
                cluster.wait_until_all_serve()
            waiting.remove(what)
            kill(cluster, what, random)
            done[what] += 1
        cluster.wait_until_all_serve()
        crowd.wait_for_calls(200)

    seconds = time.monotonic() - began
    tell(f"\n{done.total()} kills in {seconds:.0f} s: {dict(done)}")
    assert done.total() >= 100
    assert_promises_kept(crowd, cluster.books(), name="kills")


def test_the_kills_find_a_ledger_that_does_not_wait_for_its_log(cluster: Cluster) -> None:
    cluster.shorten_leases(HABITS)
    hasty = f"{cluster.database.url}&options=-c%20synchronous_commit%3Doff"
    cluster.start(servers=1, database_url=hasty)

    with cluster.crowd(HABITS, seed=SEED) as crowd:
        for _ in range(MOST_KILLS_UNTIL_FOUND):
            crowd.wait_for_calls(40)
            cluster.database.kill()
            cluster.database.start()
            acknowledged = list(crowd.events)
            if cluster.books().lost_acknowledgements(acknowledged):
                break
    found = findings(crowd, cluster.books())

    assert any("acknowledged and not in the ledger" in one for one in found)
