"""Where a call goes that comes to the load balancer: the rules of an Ingress or of HTTPRoutes.

An Exact path before the longest Prefix, by whole elements of the path: as Kubernetes' documentation
of Ingress has it, and that of the Gateway API for its matches.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from deploy.kubernetes.rendering import Manifest

_EXACT: Final = "Exact"


class Rule(NamedTuple):
    """One path of one host, and the Service that is named for it."""

    host: str
    path: str
    kind: str
    service: str


def rules_of(ingress: Manifest) -> list[Rule]:
    """Return the rules of an Ingress in the order in which it has them."""
    return [
        Rule(
            rule["host"],
            one["path"],
            one["pathType"],
            one["backend"]["service"]["name"],
        )
        for rule in ingress["spec"]["rules"]
        for one in rule["http"]["paths"]
    ]


def rules_of_routes(routes: Iterable[Manifest]) -> list[Rule]:
    """Return the rules of HTTPRoutes in the order in which they have them."""
    return [
        Rule(
            host,
            match["path"]["value"],
            match["path"]["type"].removeprefix("Path"),
            rule["backendRefs"][0]["name"],
        )
        for route in routes
        for host in route["spec"]["hostnames"]
        for rule in route["spec"]["rules"]
        for match in rule["matches"]
    ]


def service_of(rules: Iterable[Rule], host: str, path: str) -> str | None:
    """Return the name of the Service that gets a call, None where the default backend does."""
    fitting = [rule for rule in rules if rule.host == host and _fits(rule, path)]
    best = max(fitting, key=lambda rule: (rule.kind == _EXACT, len(rule.path)), default=None)
    return best and best.service


def _fits(rule: Rule, path: str) -> bool:
    if rule.kind == _EXACT:
        return path == rule.path
    prefix = rule.path.rstrip("/")
    return path == prefix or path.startswith(f"{prefix}/")
