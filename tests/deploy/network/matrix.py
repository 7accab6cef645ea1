"""Who may reach whom: every way between the hosts of the lab that is to be open, and no other.

Written down by hand, from what each process needs (tests/deploy/network/README.md), not from the
policies. A way is open or shut for every pair of hosts and every port of the lab; none is left out.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from deploy.network.hosts import OTHER_NAMESPACES, OUTSIDE, Host
from deploy.network.lab import TCP, UDP, Way

DNS: Final = (
    ("kube-dns", "udp", 53),
    ("kube-dns", "tcp", 53),
    ("node-local dns", "udp", 53),
    ("node-local dns", "tcp", 53),
)
DATABASE: Final = (*DNS, ("cloud sql", "tcp", 5432))
FRONT_ENDS: Final = ("load balancer", "health checker")
GOOGLE: Final = (
    ("google apis", "tcp", 443),
    ("metadata", "tcp", 80),
    ("metadata", "tcp", 8080),
    ("metadata before dataplane v2", "tcp", 988),
    ("metadata before dataplane v2", "tcp", 987),
)
SERVER: Final = (*DATABASE, ("redis", "tcp", 6378), *GOOGLE)
MAY_REACH: Final[Mapping[str, Sequence[tuple[str, str, int]]]] = {
    "leasing": SERVER,
    "leasing's twin": SERVER,
    "console": SERVER,
    "worker": DATABASE,
    "notices": DATABASE,
    "retention": DATABASE,
    "verify": DATABASE,
    "migrate": DATABASE,
}
"""The product's pods, and where each may go."""

INCIDENT: Final[Mapping[str, Sequence[tuple[str, str, int]]]] = {
    # PagerDuty has no addresses of its own: the internet with TLS, and nothing private.
    "incident webhook": (
        *DNS,
        *GOOGLE,
        *((name, "tcp", 443) for name in ("control plane", "internet", *FRONT_ENDS)),
    ),
    "incident expiry": (*DNS, *GOOGLE),
}
"""Pods of the components for incidents, where they are taken, and where each may go."""

SERVERS: Final = ("leasing", "leasing's twin", "console")
POSTGRES: Final = "postgres in the cluster"
"""Of the local overlay alone, where it stands in for Cloud SQL."""

ADDRESSES: Final = {
    name: f"10.8.0.{number}"
    for number, name in enumerate(
        (*MAY_REACH, *INCIDENT, POSTGRES, "stranger", "frontend", "api-v2"), 10
    )
}
NOT_THE_PRODUCT: Final[Mapping[str, Mapping[str, str]]] = {
    "stranger": {},
    "frontend": {"app": "coditect-frontend"},
    "api-v2": {"app": "coditect-api-v2"},
}


def all_hosts() -> list[Host]:
    """Return every host that any of the overlays has, for the network that they share."""
    pods = [Host(name, address, "") for name, address in ADDRESSES.items()]
    return [*pods, *OUTSIDE, *OTHER_NAMESPACES]


def cluster(namespace: str, labels: Mapping[str, Mapping[str, str]]) -> list[Host]:
    """Return the hosts around a product whose pods have these labels, by their names here.

    A stranger without labels lives in the product's namespace; the other products in coditect-app,
    which may be the same one.
    """
    ours = [Host(name, ADDRESSES[name], namespace, labels[name]) for name in labels]
    others = [
        Host(name, ADDRESSES[name], namespace if name == "stranger" else "coditect-app", marks)
        for name, marks in NOT_THE_PRODUCT.items()
    ]
    return [*ours, *others, *OUTSIDE, *OTHER_NAMESPACES]


def ways(hosts: Iterable[Host]) -> list[Way]:
    """Return every way that begins or ends at a pod of the product's or of one beside it."""
    names = [host.name for host in hosts]
    ports = [("tcp", port) for port in TCP] + [("udp", port) for port in UDP]
    return [
        (source, target, kind, port)
        for source in names
        for target in names
        if source != target and {source, target} & set(ADDRESSES)
        for kind, port in ports
    ]


def expected(
    hosts: Sequence[Host], *, own_namespace: bool, collector: str = "", database: str = ""
) -> set[Way]:
    """Return the ways that are to be open.

    ``own_namespace``: whether nobody else's pods are in the product's, so that a stranger there is
    cut off. ``collector``: who fetches metrics. ``database``: a pod that stands in for Cloud SQL.
    """
    names = {host.name for host in hosts}
    held = {
        *MAY_REACH,
        *INCIDENT,
        *([database] if database else []),
        *(["stranger"] if own_namespace else []),
    }
    declared = set(_declared(collector=collector, database=database))
    free = {way for way in ways(hosts) if not {way[0], way[1]} & held}
    return {way for way in declared if {way[0], way[1]} <= names} | free


def _declared(*, collector: str, database: str) -> Iterator[Way]:
    for source, targets in MAY_REACH.items():
        yield from ((source, *target) for target in targets)
        yield (source, database, "tcp", 5432)
        yield (collector, source, "tcp", 9464)
    for source, targets in INCIDENT.items():
        yield from ((source, *target) for target in targets)
    # Alertmanager is where Google's managed Prometheus is, or the operator's.
    yield ("collector", "incident webhook", "tcp", 8080)
    yield ("prometheus", "incident webhook", "tcp", 8080)
    for front in FRONT_ENDS:
        yield from ((front, server, "tcp", 8000) for server in SERVERS)
