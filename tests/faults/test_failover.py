"""The primary dies under load and its synchronous standby takes over: nothing acknowledged is lost.

Acknowledged means synced on the standby too (``synchronous_standby_names``). The servers are told
both databases in one address, as libpq takes it, and go where writing is allowed.
"""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from faults.cluster import SEED, USUAL, Cluster
from faults.database import NAME, Database
from faults.verdict import assert_promises_kept

from tests.support.telling import tell

SYNCHRONOUS = "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"


@pytest.fixture
def standby(cluster: Cluster, folder: Path) -> Iterator[Database]:
    """A copy of the primary that follows it; every commit of the primary waits for it."""
    primary = cluster.database
    primary.stop()
    copy = Database(folder / "standby", settings={"primary_conninfo": following(primary)})
    shutil.copytree(primary.data, copy.data)
    (copy.data / "standby.signal").touch()
    primary.settings["synchronous_standby_names"] = "*"
    primary.start()
    copy.start()
    yield copy
    copy.stop()


def following(primary: Database) -> str:
    return f"host='{primary.server.sockets}' port=5432 user=license"


def either(one: Database, other: Database) -> str:
    """Return the address of whichever of two databases can be written."""
    hosts = ",".join(quote(str(each.server.sockets), safe="") for each in (one, other))
    ports = "port=5432,5432&target_session_attrs=read-write"
    return f"postgresql://license@/{NAME}?host={hosts}&{ports}"


def test_s1_s2_s14_a_standby_takes_over_and_nothing_acknowledged_is_lost(
    cluster: Cluster, standby: Database
) -> None:
    primary = cluster.database
    cluster.shorten_leases(USUAL)
    cluster.start(servers=2, database_url=either(primary, standby))

    with cluster.crowd(USUAL, seed=SEED) as crowd:
        crowd.wait_for_calls(1_000)
        assert primary.ask(SYNCHRONOUS), "the standby does not keep up"
        began_ms = crowd.milliseconds()
        primary.kill()
        standby.ask("SELECT pg_promote()")
        crowd.note_hold(began_ms)
        crowd.wait_for_calls(1)
        tell(f"\nfirst answer {crowd.milliseconds() - began_ms} ms after the primary was killed")
        crowd.wait_for_calls(500)
        crowd.wait_until_the_faithful_are_back()

    cluster.database = standby
    assert_promises_kept(crowd, cluster.books(), name="failover")


def test_s14_a_primary_without_its_standby_acknowledges_nothing(
    cluster: Cluster, standby: Database
) -> None:
    primary = cluster.database
    cluster.shorten_leases(USUAL)
    cluster.start(servers=1, database_url=either(primary, standby))

    with cluster.crowd(replace(USUAL, restless=2), seed=SEED) as crowd:
        crowd.wait_for_calls(50)
        standby.stop()
        crowd.pause(1)
        before = len([event for event in crowd.events if event.outcome != "unknown"])
        crowd.pause(6)
        after = len([event for event in crowd.events if event.outcome != "unknown"])
        standby.start()
        crowd.wait_for_calls(50)
        crowd.wait_until_the_faithful_are_back()

    assert after == before
    assert_promises_kept(crowd, cluster.books(), name="without a standby")
