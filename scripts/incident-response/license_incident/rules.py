"""What may be asked for. Pure: text and addresses in, values or a refusal out."""

import ipaddress
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from license_incident.errors import Refused

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MOST_RANGES: Final = 10
"""Of one Cloud Armor rule."""

WIDEST_IPV4, WIDEST_IPV6 = 16, 32
"""Prefix lengths. What is wider is a provider or a country: a rule of the module cloud-armor."""

LONGEST_BLOCK: Final = timedelta(hours=24)

OWN_RANGES: Final = tuple(
    ipaddress.ip_network(text)
    for text in (
        "35.191.0.0/16",  # Google's load balancers and health checks
        "130.211.0.0/22",
        "2600:2d00:1:b029::/64",
        "2600:2d00:1:1::/64",
        "199.36.153.4/30",  # Google's private and restricted APIs
        "199.36.153.8/30",
        "10.0.0.0/8",  # the cluster's own, and everybody's private ones: no caller has these
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "224.0.0.0/4",
        "0.0.0.0/8",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
        "ff00::/8",
    )
)
"""Blocking one of these stops our own traffic or nobody's (load balancers: cloud.google.com,
"Firewall rules" of the external Application Load Balancer)."""

_INCIDENT: Final = re.compile(r"[a-z0-9][a-z0-9-]{2,22}[a-z0-9]")
_TENANT: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_TIME: Final = re.compile(r"(\d{1,4})([smh])")
_UNIT: Final = {"s": 1, "m": 60, "h": 3_600}
_MARK: Final = re.compile(r"incident (\S+) until (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)")


def incident_id(text: str) -> str:
    """Return an id of an incident: 4 to 24 lower-case letters, digits and dashes."""
    if not _INCIDENT.fullmatch(text):
        raise Refused(f"{text!r} is no incident id: 4 to 24 lower-case letters, digits and dashes")
    return text


def tenant(text: str) -> str:
    """Return a tenant's slug or id, which are of one form. Whether there is one is not checked."""
    if not _TENANT.fullmatch(text):
        raise Refused(f"{text!r} is no slug or id of a tenant")
    return text


def sources(texts: Sequence[str], never: Sequence[str] = ()) -> tuple[Network, ...]:
    """Return the ranges that one rule blocks. ``never`` are ranges of our own, as text."""
    if not 1 <= len(texts) <= MOST_RANGES:
        raise Refused(f"a block has 1 to {MOST_RANGES} sources")
    own = (*OWN_RANGES, *(_network(text) for text in never))
    return tuple(_harmless(_network(text), own) for text in texts)


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError as mistake:
        raise Refused(f"{text!r} is no address or range: {mistake}") from mistake


def _harmless(network: Network, own: Sequence[Network]) -> Network:
    widest = WIDEST_IPV4 if network.version == 4 else WIDEST_IPV6
    if network.prefixlen < widest:
        raise Refused(f"{network} is too wide: /{widest} at most, or block-all")
    for range_ in own:
        if range_.version == network.version and range_.overlaps(network):
            raise Refused(
                f"{network} touches {range_}, which is our own: nobody attacks from there"
            )
    return network


def duration(text: str) -> timedelta:
    """Return a time such as ``30m``, ``1h`` or ``90s``: up to a day."""
    found = _TIME.fullmatch(text)
    if not found:
        raise Refused(f"{text!r} is no time: 90s, 30m or 1h")
    length = timedelta(seconds=int(found[1]) * _UNIT[found[2]])
    if not timedelta(minutes=1) <= length <= LONGEST_BLOCK:
        raise Refused("a block lasts from a minute to a day")
    return length


def mark(incident: str, until: datetime) -> str:
    """Return how a rule of Cloud Armor says whose it is: 64 characters at most."""
    return f"incident {incident} until {until:%Y-%m-%dT%H:%M:%SZ}"


def read_mark(description: str) -> tuple[str, datetime] | None:
    """Return the incident and the end that a rule's description names, if it is one of ours."""
    found = _MARK.fullmatch(description)
    if not found:
        return None
    return found[1], datetime.fromisoformat(found[2])
