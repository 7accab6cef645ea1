"""Valkey emptied, frozen, killed and brought back beside two servers: no lease notices (ADR 9)."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from faults.cluster import SEED, USUAL, Cluster
from faults.verdict import assert_promises_kept

from tests.support.valkey import RunningValkey, running_valkey

HABITS = replace(USUAL, may_fail=False)
CALLS_IN_EACH_TROUBLE = 400


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[RunningValkey]:
    with running_valkey(tmp_path) as running:
        yield running


def ready(cluster: Cluster) -> list[int]:
    """Return what every server says of its readiness."""
    return [httpx.get(f"{server.base_url}/health/ready").status_code for server in cluster.servers]


def test_s1_s2_s14_a_valkey_in_trouble_changes_no_lease_and_no_readiness(
    cluster: Cluster, valkey: RunningValkey
) -> None:
    cluster.shorten_leases(HABITS)
    cluster.start(servers=2, environment={"LICENSE_REDIS_URL": valkey.url})

    with cluster.crowd(HABITS, seed=SEED) as crowd:
        for trouble in (
            lambda: valkey.ask("FLUSHALL"),
            valkey.freeze,
            valkey.thaw,
            valkey.kill,
            valkey.start,
        ):
            trouble()
            crowd.wait_for_calls(CALLS_IN_EACH_TROUBLE)
            assert ready(cluster) == [200, 200]
        crowd.wait_until_the_faithful_are_back()

    assert crowd.failures == 0
    assert_promises_kept(crowd, cluster.books(), name="valkey")
