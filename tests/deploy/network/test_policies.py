"""How policies are read: selectors, peers and ports as the Kubernetes API means them."""

from typing import Any

import pytest
from deploy.network.hosts import Host
from deploy.network.policies import Unreadable, isolated, ruleset, selects

APP = Host("app", "10.0.0.1", "ours", {"app": "a", "tier": "front"})
BESIDE = Host("beside", "10.0.0.2", "ours", {"app": "b"})
AWAY = Host("away", "10.0.0.3", "theirs", {"app": "a"})
HOSTS = [APP, BESIDE, AWAY, Host("outside", "192.0.2.1")]


def policy(**spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "p", "namespace": "ours"}, "spec": {"podSelector": {}} | spec}


def chain(text: str, name: str) -> list[str]:
    """Return the rules of one chain."""
    lines = text.partition(f"  chain {name} {{\n")[2].partition("\n  }")[0].splitlines()
    return [line.strip() for line in lines]


@pytest.mark.parametrize(
    ("selector", "matches"),
    [
        (None, True),
        ({}, True),
        ({"matchLabels": {"app": "a"}}, True),
        ({"matchLabels": {"app": "a", "tier": "back"}}, False),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["a", "b"]}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["a"]}]}, False),
        ({"matchExpressions": [{"key": "gone", "operator": "NotIn", "values": ["a"]}]}, True),
        ({"matchExpressions": [{"key": "tier", "operator": "Exists"}]}, True),
        ({"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}, False),
        (
            {
                "matchLabels": {"app": "a"},
                "matchExpressions": [{"key": "tier", "operator": "In", "values": ["back"]}],
            },
            False,
        ),
    ],
)
def test_selectors(selector: dict[str, Any] | None, *, matches: bool) -> None:
    assert selects(selector, APP.labels) is matches


@pytest.mark.parametrize(
    "selector",
    [
        {"app": "a"},
        {"matchExpressions": [{"key": "app", "operator": "Gt", "values": ["1"]}]},
    ],
)
def test_what_is_not_understood_is_not_guessed(selector: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        selects(selector, APP.labels)


@pytest.mark.parametrize(
    ("spec", "kinds"),
    [
        ({}, {"Ingress"}),
        ({"egress": []}, {"Ingress", "Egress"}),
        ({"policyTypes": ["Egress"]}, {"Egress"}),
        ({"podSelector": {"matchLabels": {"app": "b"}}}, set()),
    ],
)
def test_whom_a_policy_holds(spec: dict[str, Any], kinds: set[str]) -> None:
    held = {kind for kind in ("Ingress", "Egress") if isolated([policy(**spec)], APP, kind)}

    assert held == kinds
    assert not isolated([policy(**spec)], AWAY, "Ingress")


def test_a_policy_without_rules_lets_nothing_through() -> None:
    text = ruleset([policy(policyTypes=["Ingress"])], HOSTS)

    assert chain(text, "ingress_10_0_0_1") == ["reject with icmp type admin-prohibited"]
    assert "ip daddr 10.0.0.1 jump ingress_10_0_0_1" in text
    assert "ingress_10_0_0_3" not in text
    assert "egress_" not in text


@pytest.mark.parametrize(
    ("peer", "addresses"),
    [
        ({"podSelector": {}}, ["10.0.0.1", "10.0.0.2"]),
        ({"podSelector": {"matchLabels": {"app": "a"}}}, ["10.0.0.1"]),
        ({"namespaceSelector": {}}, ["10.0.0.1", "10.0.0.2", "10.0.0.3"]),
        (
            {
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "theirs"}},
                "podSelector": {"matchLabels": {"app": "a"}},
            },
            ["10.0.0.3"],
        ),
        ({"namespaceSelector": {"matchLabels": {"name": "theirs"}}}, []),
        ({"ipBlock": {"cidr": "192.0.2.0/24"}}, ["192.0.2.0/24"]),
    ],
)
def test_peers(peer: dict[str, Any], addresses: list[str]) -> None:
    text = ruleset([policy(ingress=[{"from": [peer], "ports": [{"port": 80}]}])], HOSTS)

    assert chain(text, "ingress_10_0_0_1")[:-1] == [
        f"ip saddr {address} tcp dport 80 return" for address in addresses
    ]


def test_an_exception_of_a_block_is_of_its_own_direction() -> None:
    block = {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8", "192.0.2.1/32"]}}
    text = ruleset([policy(egress=[{"to": [block]}], policyTypes=["Egress"])], HOSTS)

    assert chain(text, "egress_10_0_0_1")[0] == (
        "ip daddr 0.0.0.0/0 ip daddr != { 10.0.0.0/8, 192.0.2.1/32 } return"
    )


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({}, "return"),
        ({"ports": []}, "return"),
        ({"ports": [{"port": 53, "protocol": "UDP"}]}, "udp dport 53 return"),
        ({"ports": [{"port": 1000, "endPort": 2000}]}, "tcp dport 1000-2000 return"),
        ({"ports": [{"protocol": "UDP"}]}, "meta l4proto udp return"),
    ],
)
def test_ports(rule: dict[str, Any], said: str) -> None:
    assert chain(ruleset([policy(ingress=[rule])], HOSTS), "ingress_10_0_0_1")[0] == said


@pytest.mark.parametrize(
    "rule",
    [{"ports": [{"port": "http"}]}, {"from": [{"serviceSelector": {}}]}],
)
def test_rules_that_are_not_understood_are_not_guessed(rule: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        ruleset([policy(ingress=[rule])], HOSTS)


def test_policies_add_to_each_other() -> None:
    text = ruleset(
        [
            policy(ingress=[{"ports": [{"port": 80}]}]),
            policy(ingress=[{"ports": [{"port": 443}]}]),
            policy(),
        ],
        HOSTS,
    )

    assert chain(text, "ingress_10_0_0_1") == [
        "tcp dport 80 return",
        "tcp dport 443 return",
        "reject with icmp type admin-prohibited",
    ]
