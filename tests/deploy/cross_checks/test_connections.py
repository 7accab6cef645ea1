"""The sum of connections to the database at the worst moment stays under what it admits."""

from collections.abc import Callable
from copy import deepcopy
from math import ceil
from typing import Any, Final, NamedTuple

import pytest
from deploy.cross_checks.code import of_the_code
from deploy.cross_checks.installation import Installation
from deploy.kubernetes.rendering import Manifest, of_kind, render

_CORES_OF_A_NODE: Final = {"e2-standard-2": 2, "e2-standard-4": 4, "e2-standard-8": 8}
_MOST_READERS: Final = 32  # asyncio's own threads, at most; of them 4 more than the node has cores
_RESERVED: Final = 20
"""What nobody of ours may take: superusers' three, Cloud SQL's own, a person at work."""


InstallationOf = Callable[[str], Installation]


class Use(NamedTuple):
    """How many connections a process holds when everything in it is at work at once."""

    leasing: int
    console: int
    worker: int
    migrate: int
    daily: int


def most_held(cores_of_a_node: int) -> Use:
    """Count what the code opens at most.

    leasing: the store's one, one for each reader of credentials and keys (asyncio's threads), one
    that writes signature counts, one that writes afterwards (identity.afterwards).
    console: a call under way in each place (Crowding), with the store's one for what it ends or
    lends there, one reader each, one that writes afterwards.
    worker: the sealer's, and two of the count (the census' own and Django's).
    """
    readers = min(_MOST_READERS, cores_of_a_node + 4)
    calls = of_the_code()["control_calls"]
    return Use(
        leasing=1 + readers + 2, console=2 * calls + readers + 1, worker=3, migrate=1, daily=1
    )


def pods_at_most(manifests: list[Manifest], name: str) -> int:
    """Return how many pods of a Deployment there are during a rolling update at the maximum."""
    spec = of_kind(manifests, "Deployment")[name]["spec"]
    scaler = of_kind(manifests, "HorizontalPodAutoscaler").get(name)
    replicas: int = scaler["spec"]["maxReplicas"] if scaler else spec["replicas"]
    return replicas + _surge(spec["strategy"]["rollingUpdate"]["maxSurge"], replicas)


def _surge(surge: Any, replicas: int) -> int:
    if isinstance(surge, str) and surge.endswith("%"):
        return ceil(replicas * int(surge.removesuffix("%")) / 100)
    return int(surge)


def connections(manifests: list[Manifest], cores_of_a_node: int) -> int:
    """Return how many connections the whole installation holds at its worst moment."""
    use = most_held(cores_of_a_node)
    return (
        use.leasing * pods_at_most(manifests, "coditect-license-api")
        + use.console * pods_at_most(manifests, "coditect-license-console")
        + use.worker * pods_at_most(manifests, "coditect-license-worker")
        + use.daily * len(of_kind(manifests, "CronJob"))
        + use.migrate
    )


@pytest.mark.parametrize("overlay", ["staging", "production", "production-shared-ip"])
def test_at_its_worst_moment_an_installation_fits_into_its_database(
    overlay: str, installation_of: InstallationOf
) -> None:
    installation = installation_of(overlay)
    cores = _CORES_OF_A_NODE[installation.machine_type]

    assert connections(render(overlay), cores) <= installation.max_connections - _RESERVED


def test_one_leasing_pod_too_many_would_be_seen(installation_of: InstallationOf) -> None:
    installation = installation_of("production")
    cores = _CORES_OF_A_NODE[installation.machine_type]
    crowded = deepcopy(render("production"))
    scaler = of_kind(crowded, "HorizontalPodAutoscaler")["coditect-license-api"]
    scaler["spec"]["maxReplicas"] = 40

    assert connections(crowded, cores) > installation.max_connections - _RESERVED
