"""Whom the policies name and what they let through, read from the rendered YAML."""

from collections.abc import Iterator
from copy import deepcopy
from ipaddress import ip_network
from typing import Any, Final

import pytest
from deploy.kubernetes.rendering import ON_GOOGLE, OVERLAYS, of_kind, pod_templates, render

_WIDEST_PREFIX: Final = 16
_DNS: Final = {("UDP", 53), ("TCP", 53)}
_GOOGLE_FRONT_ENDS: Final = {"35.191.0.0/16", "130.211.0.0/22"}
_OF_A_SERVER: Final = {
    "10.67.0.0/16": {("TCP", 5432)},
    "10.159.0.0/16": {("TCP", 6378)},
    "199.36.153.8/30": {("TCP", 443)},
    "169.254.169.254/32": {("TCP", 80), ("TCP", 8080)},
    "169.254.169.252/32": {("TCP", 988), ("TCP", 987)},
    "169.254.20.10/32": _DNS,
}
_OF_THE_OTHERS: Final = {"10.67.0.0/16": {("TCP", 5432)}, "169.254.20.10/32": _DNS}
EGRESS: Final = {
    "api": _OF_A_SERVER,
    "console": _OF_A_SERVER,
    "worker": _OF_THE_OTHERS,
    "migrate": _OF_THE_OTHERS,
}


def policies_of(overlay: str) -> dict[str, Any]:
    return of_kind(render(overlay), "NetworkPolicy")


@pytest.mark.parametrize("overlay", ON_GOOGLE)
@pytest.mark.parametrize("workload", EGRESS)
def test_a_workload_gets_out_where_it_must_and_nowhere_else(overlay: str, workload: str) -> None:
    spec = policies_of(overlay)[f"license-{workload}-network-policy"]["spec"]

    assert spec["podSelector"] == {"matchLabels": {"app": f"coditect-license-{workload}"}}
    assert {*spec["policyTypes"]} == {"Ingress", "Egress"}
    assert blocks(spec["egress"], "to") == EGRESS[workload]


@pytest.mark.parametrize("overlay", ON_GOOGLE)
@pytest.mark.parametrize("workload", EGRESS)
def test_into_servers_come_googles_front_ends_alone_and_nobody_into_the_others(
    overlay: str, workload: str
) -> None:
    spec = policies_of(overlay)[f"license-{workload}-network-policy"]["spec"]

    expected = {block: {("TCP", 8000)} for block in _GOOGLE_FRONT_ENDS}
    is_server = workload in {"api", "console"}
    assert blocks(spec.get("ingress", []), "from") == (expected if is_server else {})
    assert not selectors(spec.get("ingress", []), "from")


@pytest.mark.parametrize("overlay", ON_GOOGLE)
@pytest.mark.parametrize("workload", EGRESS)
def test_of_pods_only_the_clusters_dns_is_spoken_to(overlay: str, workload: str) -> None:
    spec = policies_of(overlay)[f"license-{workload}-network-policy"]["spec"]

    (peer,) = selectors(spec["egress"], "to")
    assert peer["namespaceSelector"]["matchLabels"] == {
        "kubernetes.io/metadata.name": "kube-system"
    }
    (wanted,) = peer["podSelector"]["matchExpressions"]
    assert wanted == {"key": "k8s-app", "operator": "In", "values": ["kube-dns", "node-local-dns"]}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_pod_is_named_by_a_policy_for_both_directions(overlay: str) -> None:
    named = [
        policy["spec"]
        for policy in policies_of(overlay).values()
        if policy["spec"]["podSelector"]
        and {*policy["spec"]["policyTypes"]} == {"Ingress", "Egress"}
    ]

    for name, template in pod_templates(render(overlay)):
        labels = template["metadata"]["labels"]
        chosen = [spec for spec in named if matches(spec["podSelector"], labels)]
        assert len(chosen) == 1, name


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_only_a_namespace_of_our_own_is_denied_everything(overlay: str) -> None:
    everybody = {
        name: policy["spec"]
        for name, policy in policies_of(overlay).items()
        if not policy["spec"]["podSelector"]
    }

    denied = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    expected = {} if overlay == "production-shared-ip" else {"default-deny-all": denied}
    assert everybody == expected


@pytest.mark.parametrize("overlay", ON_GOOGLE)
def test_collectors_come_to_the_metrics_and_to_no_other_port(overlay: str) -> None:
    policy = policies_of(overlay)["license-metrics-network-policy"]["spec"]

    assert policy["podSelector"] == {"matchLabels": {"app.kubernetes.io/name": "license-api"}}
    assert policy["policyTypes"] == ["Ingress"]
    (rule,) = policy["ingress"]
    assert rule["ports"] == [{"protocol": "TCP", "port": 9464}]
    (peer,) = rule["from"]
    (wanted,) = peer["namespaceSelector"]["matchExpressions"]
    assert wanted["values"] == ["gmp-system", "gke-gmp-system"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_no_rule_lets_everybody_in_or_out(overlay: str) -> None:
    for policy in policies_of(overlay).values():
        assert too_open(policy) == []


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [{"port": 443}]}, "0.0.0.0/0"),
        ({"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 5432}]}, "10.0.0.0/8"),
        ({"ports": [{"port": 443}]}, "anybody"),
        ({"to": [{"ipBlock": {"cidr": "10.67.0.0/16"}}]}, "any port"),
        ({"to": [{"namespaceSelector": {}}], "ports": [{"port": 443}]}, "every namespace"),
    ],
)
def test_a_rule_that_is_too_open_is_seen(rule: Any, said: str) -> None:
    policy = deepcopy(policies_of("production")["license-api-network-policy"])

    policy["spec"]["egress"].append(rule)

    assert too_open(policy) == [f"egress: {said}"]


def too_open(policy: Any) -> list[str]:
    """Return what a policy lets through that is wider than anything one could mean."""
    sides = (("ingress", "from"), ("egress", "to"))
    return [
        f"{direction}: {said}"
        for direction, side in sides
        for rule in policy["spec"].get(direction, [])
        for said in _of_rule(rule, side)
    ]


def _of_rule(rule: Any, side: str) -> Iterator[str]:
    if not rule.get(side):
        yield "anybody"
    if not rule.get("ports"):
        yield "any port"
    for peer in rule.get(side, []):
        block = peer.get("ipBlock", {"cidr": "127.0.0.1/32"})["cidr"]
        if ip_network(block).prefixlen < _WIDEST_PREFIX:
            yield block
        if peer.get("namespaceSelector") == {}:
            yield "every namespace"


def blocks(rules: list[Any], side: str) -> dict[str, set[tuple[str, int]]]:
    """Return the ports of each range of addresses."""
    return {
        peer["ipBlock"]["cidr"]: {(port["protocol"], port["port"]) for port in rule["ports"]}
        for rule in rules
        for peer in rule[side]
        if "ipBlock" in peer
    }


def selectors(rules: list[Any], side: str) -> list[Any]:
    """Return the peers that are pods."""
    return [peer for rule in rules for peer in rule[side] if "ipBlock" not in peer]


def matches(selector: Any, labels: dict[str, str]) -> bool:
    return bool(selector["matchLabels"].items() <= labels.items())
