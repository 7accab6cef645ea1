"""Networks that lose everything without a word: what is sent is neither refused nor answered."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
from faults.cluster import SEATS, SEED, USUAL, Cluster
from faults.database import NAME, Database
from faults.namespaces import Link, other_network, why_none_of_our_own
from faults.verdict import assert_promises_kept

from tests.support.history import check
from tests.support.telling import tell

HABITS = replace(USUAL, restless=6, ttl_seconds=45, pace_seconds=0.02)
PARTITION_SECONDS = 15
ANSWER_SECONDS = 6
"""The longest that a server without its database lets a caller wait: its watchdog's 5 s."""
RECOVERY_SECONDS = 7
WITHIN_SECONDS = 1


@dataclass(frozen=True)
class Apart:
    """A cluster whose servers are in a network of their own, and the cables to it."""

    cluster: Cluster
    to_database: Link
    to_clients: Link
    elsewhere: Link


@pytest.fixture
def apart(founded: Path, folder: Path) -> Iterator[Apart]:
    if reason := why_none_of_our_own():
        pytest.skip(f"NO NETWORK WAS PARTED: {reason}")
    with other_network("servers") as launcher:
        to_database, to_clients, elsewhere = (Link("servers", number) for number in range(3))
        database = Database(folder / "postgres", settings={"listen_addresses": to_database.ours})
        with Cluster(folder, founded, database=database) as cluster:
            with (database.data / "pg_hba.conf").open("a") as rules:
                rules.write(f"host all all {to_database.theirs}/32 trust\n")
            database.start()
            cluster.shorten_leases(HABITS)
            cluster.start(
                servers=1,
                database_url=f"postgresql://license@{to_database.ours}/{NAME}",
                environment={"LICENSE_HOST": "0.0.0.0"},
                host=to_clients.theirs,
                launcher=launcher,
            )
            yield Apart(cluster, to_database, to_clients, elsewhere)


def test_s2_s17_a_server_cut_off_from_its_database_answers_in_time_and_comes_back(
    apart: Apart,
) -> None:
    cluster = apart.cluster
    (server,) = cluster.servers

    with cluster.crowd(HABITS, seed=SEED) as crowd:
        crowd.wait_for_calls(100)
        apart.to_database.part()
        until, waits = time.monotonic() + PARTITION_SECONDS, []
        while time.monotonic() < until:
            asked = time.monotonic()
            answer = acquire(server.base_url, server.demo["license_key"], "somebody")
            waits.append(time.monotonic() - asked)
            assert (answer.status_code, answer.json()["error"]) == (503, "store_unavailable")
        apart.to_database.heal()
        healed = time.monotonic()
        crowd.wait_for_calls(1, seconds=RECOVERY_SECONDS)
        recovered = time.monotonic() - healed
        crowd.wait_for_calls(100)
        crowd.wait_until_the_faithful_are_back()

    tell(f"\n503 after {max(waits):.1f} s at most; served again {recovered:.1f} s after the cut")
    assert max(waits) < ANSWER_SECONDS
    assert_promises_kept(crowd, cluster.books(), name="cut off from the database")


def acquire(base_url: str, key: str, device: str) -> httpx.Response:
    body = {"license_key": key, "hardware_id": device, "proofs": ["license_token"]}
    return httpx.post(f"{base_url}/api/v1/licenses/acquire/", json=body, timeout=30)


def test_s1_s9_programs_cut_off_for_longer_than_a_lease_lose_it_and_others_get_their_seats(
    apart: Apart,
) -> None:
    cluster, habits = apart.cluster, replace(HABITS, ttl_seconds=8, interval_seconds=2)
    cluster.shorten_leases(habits)

    with cluster.crowd(replace(habits, restless=0, faithful=SEATS), seed=SEED) as cut_off:
        newcomers = cluster.crowd(replace(habits, faithful=0), seed=SEED, name="newcomer-")
        newcomers.addresses = [(apart.elsewhere.theirs, cluster.servers[0].port)]
        with newcomers:
            newcomers.wait_for_calls(20)
            before = {event.outcome for event in newcomers.events[1:]}
            apart.to_clients.part()
            newcomers.pause(habits.ttl_seconds + WITHIN_SECONDS)
            newcomers.wait_for_calls(50)
            apart.to_clients.heal()
            newcomers.wait_for_calls(50)

    report = check([*cut_off.events, *newcomers.events[1:]])
    tell(f"\ncut off from the clients: {str(report).splitlines()[0]}")
    assert before == {"denied"}
    assert "held" in {event.outcome for event in newcomers.events}
    assert report.broken == {}
    assert newcomers.surprises == []
    assert cluster.books().contradictions() == []
