"""Who may reach whom, tried with real sockets between real hosts under each overlay's policies.

In one file, because one network serves all of it.
"""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from deploy.kubernetes.rendering import ON_GOOGLE, OVERLAYS
from deploy.network.hosts import Host
from deploy.network.lab import Lab, Way, lab
from deploy.network.matrix import MAY_REACH, POSTGRES, all_hosts, cluster, expected, ways
from deploy.network.overlays import (
    Deployed,
    deployed,
    with_incident_components,
    with_prometheus_operator,
)

PLANTED: Final = Path(__file__).parent / "planted/hardening-strategy.yaml"
API: Final = {"app": "coditect-license-api"}
SHARED: Final = "production-shared-ip"

PATHS: Final[Mapping[str, tuple[Way, bool, bool]]] = {
    "traffic reaches the API": (("load balancer", "leasing", "tcp", 8000), True, False),
    "health checks reach the API": (("health checker", "leasing", "tcp", 8000), True, False),
    "a neighbor does not": (("frontend", "leasing", "tcp", 8000), False, False),
    "traffic reaches no other port": (("load balancer", "leasing", "tcp", 22), False, False),
    "Cloud SQL": (("leasing", "cloud sql", "tcp", 5432), True, True),
    "Redis with TLS": (("leasing", "redis", "tcp", 6378), True, False),
    "no other database": (("leasing", "another database", "tcp", 5432), False, True),
    "names": (("leasing", "kube-dns", "udp", 53), True, False),
    "long answers of names": (("leasing", "kube-dns", "tcp", 53), True, False),
    "Google's APIs": (("leasing", "google apis", "tcp", 443), True, True),
    "not the Internet": (("leasing", "internet", "tcp", 443), False, True),
    "not the Internet without TLS": (("leasing", "internet", "tcp", 80), False, True),
    "tokens for Cloud KMS": (("leasing", "metadata before dataplane v2", "tcp", 988), True, False),
    "traffic reaches the neighbor": (("load balancer", "frontend", "tcp", 8000), True, False),
    "the neighbor has names": (("frontend", "kube-dns", "udp", 53), True, False),
}
"""A way, whether it is to be open, and whether the strategy's first policies leave it open."""


@pytest.fixture(scope="module")
def network() -> Iterator[Lab]:
    with lab(all_hosts()) as one:
        yield one


def difference(network: Lab, given: Deployed, wanted: set[Way]) -> dict[str, list[Way]]:
    """Enforce policies, try every way, and return which are wrongly shut and wrongly open."""
    network.enforce(given.policies, given.hosts)
    found = network.open_ways(ways(given.hosts))
    return {"shut": sorted(wanted - found), "open": sorted(found - wanted)}


NONE: Final[dict[str, list[Way]]] = {"shut": [], "open": []}


def wanted_of(overlay: str, hosts: list[Host]) -> set[Way]:
    if overlay == "local":
        return expected(hosts, own_namespace=True, database=POSTGRES)
    return expected(hosts, own_namespace=overlay != SHARED, collector="collector")


def test_without_policies_every_way_is_open(network: Lab) -> None:
    given = Deployed([], deployed("production").hosts)
    every = ways(given.hosts)

    assert len(every) > 5_000
    assert difference(network, given, set(every)) == NONE


def test_the_page_says_how_many_ways_are_tried() -> None:
    page = (Path(__file__).parent / "README.md").read_text()
    counted = [len(ways(deployed(overlay).hosts)) for overlay in OVERLAYS]

    assert min(counted) > 6_000
    assert "Each overlay is over 6,000 ways" in page


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_exactly_the_declared_ways_are_open(network: Lab, overlay: str) -> None:
    given = deployed(overlay)

    assert difference(network, given, wanted_of(overlay, given.hosts)) == NONE


def test_the_operators_prometheus_is_let_in_where_its_component_is(network: Lab) -> None:
    given = with_prometheus_operator(deployed("production"))
    wanted = expected(given.hosts, own_namespace=True, collector="prometheus")

    assert difference(network, given, wanted) == NONE


def test_what_answers_incidents_reaches_google_and_who_is_paged(network: Lab) -> None:
    given = with_incident_components()
    wanted = expected(given.hosts, own_namespace=True, collector="collector")

    assert {"incident webhook", "incident expiry"} < {host.name for host in given.hosts}
    assert difference(network, given, wanted) == NONE


def test_other_products_are_untouched_where_the_namespace_is_shared() -> None:
    """What the matrix says of it, so that a change of the matrix cannot take it away unseen."""
    given = deployed(SHARED)
    wanted = wanted_of(SHARED, given.hosts)

    assert {host.namespace for host in given.hosts if host.name in {"leasing", "frontend"}} == {
        "coditect-app"
    }
    ours = set(MAY_REACH)
    for neighbor in ("frontend", "api-v2", "stranger"):
        its = {way for way in ways(given.hosts) if neighbor in way[:2]}
        assert {way for way in its if not ours & set(way[:2])} <= wanted
        assert not {way for way in its if ours & set(way[:2])} & wanted


@pytest.mark.parametrize("overlay", ON_GOOGLE)
def test_the_named_paths_are_as_they_must_be(network: Lab, overlay: str) -> None:
    given = deployed(overlay)
    network.enforce(given.policies, given.hosts)
    found = network.open_ways([way for way, *_ in PATHS.values()])

    wrong = [said for said, (way, wanted, _) in PATHS.items() if (way in found) != wanted]
    assert wrong == []


@pytest.fixture
def first_policies() -> Deployed:
    """The hardening strategy's, with the one workload it knows and the neighbors it shares."""
    policies: list[dict[str, Any]] = [*yaml.safe_load_all(PLANTED.read_text())]
    return Deployed(policies, cluster("coditect-app", {"leasing": API, "leasing's twin": API}))


def test_the_first_policies_fail_eleven_of_the_fifteen_paths(
    network: Lab, first_policies: Deployed
) -> None:
    network.enforce(first_policies.policies, first_policies.hosts)
    found = network.open_ways([way for way, *_ in PATHS.values()])

    assert {said: way in found for said, (way, *_) in PATHS.items()} == {
        said: was_open for said, (_, _, was_open) in PATHS.items()
    }
    assert sum(wanted != was_open for _, wanted, was_open in PATHS.values()) == 11


def test_the_first_policies_cut_off_and_leave_open_exactly_this(
    network: Lab, first_policies: Deployed
) -> None:
    wanted = expected(first_policies.hosts, own_namespace=False, collector="collector")
    found = difference(network, first_policies, wanted)

    assert {(way[1], *way[2:]) for way in found["shut"] if way[0] == "leasing"} == {
        ("kube-dns", "tcp", 53),
        ("kube-dns", "udp", 53),
        ("node-local dns", "tcp", 53),
        ("node-local dns", "udp", 53),
        ("redis", "tcp", 6378),
        ("metadata", "tcp", 8080),
        ("metadata before dataplane v2", "tcp", 987),
        ("metadata before dataplane v2", "tcp", 988),
    }
    assert {(way[0], *way[2:]) for way in found["shut"] if way[1] == "leasing"} == {
        ("load balancer", "tcp", 8000),
        ("health checker", "tcp", 8000),
        ("collector", "tcp", 9464),
    }
    neighbors = {"frontend", "api-v2", "stranger"}
    cut_off = {way for way in wanted if neighbors & set(way[:2])}
    assert cut_off <= set(found["shut"])
    assert {way[0] for way in found["open"]} == {"leasing", "leasing's twin"}
    assert {way[2:] for way in found["open"]} == {("tcp", port) for port in (80, 443, 5432, 6379)}
    assert ("leasing", "prometheus", "tcp", 6379) in found["open"]


def rules_of(policy: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = policy["spec"][kind]
    return rules


def without_tcp_for_names(policy: dict[str, Any]) -> None:
    for rule in rules_of(policy, "egress"):
        rule["ports"] = [one for one in rule["ports"] if one != {"protocol": "TCP", "port": 53}]


def with_the_internet(policy: dict[str, Any]) -> None:
    way = {"to": [{"ipBlock": {"cidr": "203.0.113.0/24"}}], "ports": [{"port": 443}]}
    rules_of(policy, "egress").append(way)


def with_everybody_in_the_namespace(policy: dict[str, Any]) -> None:
    rules_of(policy, "ingress").append({"from": [{"podSelector": {}}], "ports": [{"port": 8000}]})


@pytest.mark.parametrize(
    ("spoil", "shut", "opened"),
    [
        (without_tcp_for_names, {"kube-dns", "node-local dns"}, set()),
        (with_the_internet, set(), {"internet"}),
        # The neighbors' own policies still keep them in: two locks, and this opens one.
        (with_everybody_in_the_namespace, set(), set()),
    ],
)
def test_each_single_mistake_of_a_policy_is_noticed(
    network: Lab, spoil: Callable[[dict[str, Any]], None], shut: set[str], opened: set[str]
) -> None:
    given = deployed("production")
    spoiled = deepcopy(given)
    (policy,) = (
        one for one in spoiled.policies if one["metadata"]["name"] == "license-api-network-policy"
    )
    spoil(policy)

    found = difference(network, spoiled, wanted_of("production", given.hosts))

    assert {way[1] for way in found["shut"]} == shut
    assert {way[1] for way in found["open"]} == opened


def test_an_opened_door_is_noticed_where_neighbors_may_walk(network: Lab) -> None:
    given = deepcopy(deployed(SHARED))
    (policy,) = (
        one for one in given.policies if one["metadata"]["name"] == "license-api-network-policy"
    )
    with_everybody_in_the_namespace(policy)

    found = difference(network, given, wanted_of(SHARED, given.hosts))

    assert found["shut"] == []
    assert {way[0] for way in found["open"]} == {"frontend", "api-v2", "stranger"}
    assert {way[1:] for way in found["open"]} == {
        ("leasing", "tcp", 8000),
        ("leasing's twin", "tcp", 8000),
    }
