"""NetworkPolicies read as the Kubernetes API means them, and written as rules of nftables.

Where the API leaves it to the plugin, the wider reading is taken: an ``ipBlock`` also matches a pod
whose address lies in it (Dataplane V2 matches no pod by it). Not read: named ports, IPv6, the
traffic between a node and its own pods, which no policy stops.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from deploy.network.hosts import Host

Policy = Mapping[str, Any]
_SIDES: Final = {"Egress": ("saddr", "daddr", "to"), "Ingress": ("daddr", "saddr", "from")}
_REFUSE: Final = "reject with icmp type admin-prohibited"


class Unreadable(Exception):
    """A policy says something that this reading does not know."""


def selects(selector: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    """Return whether a label selector matches; an empty one matches everything."""
    said = selector or {}
    if unknown := set(said) - {"matchLabels", "matchExpressions"}:
        raise Unreadable(f"a selector with {unknown}")
    if any(labels.get(name) != value for name, value in (said.get("matchLabels") or {}).items()):
        return False
    return all(_expression(one, labels) for one in said.get("matchExpressions") or [])


def isolated(policies: Sequence[Policy], host: Host, kind: str) -> list[Policy]:
    """Return the policies that hold a host to what they allow, for ``Ingress`` or ``Egress``."""
    return [
        policy
        for policy in policies
        if host.namespace == policy["metadata"]["namespace"]
        and kind in _types(policy["spec"])
        and selects(policy["spec"].get("podSelector"), host.labels)
    ]


def ruleset(policies: Sequence[Policy], hosts: Sequence[Host]) -> str:
    """Return a table of nftables that forwards between hosts what policies allow.

    What is refused is said to be prohibited, so that nobody has to wait for silence.
    """
    chains = [
        (host, kind, chosen)
        for kind in _SIDES
        for host in hosts
        if (chosen := isolated(policies, host, kind))
    ]
    jumps = [_jump(host, kind) for host, kind, _ in chains]
    forward = ["type filter hook forward priority 0; policy accept", "ct direction reply accept"]
    written = [_chain("forward", [*forward, *jumps])]
    for host, kind, chosen in chains:
        rules = [rule for policy in chosen for rule in _allowed(policy, kind, hosts)]
        written.append(_chain(_name(host, kind), [*dict.fromkeys(rules), _REFUSE]))
    # Chains that are jumped to come before those that jump.
    return "table ip lab {\n" + "\n".join(reversed(written)) + "\n}\n"


def _types(spec: Mapping[str, Any]) -> set[str]:
    if "policyTypes" in spec:
        return set(spec["policyTypes"])
    return {"Ingress"} | ({"Egress"} if "egress" in spec else set())


def _expression(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, values = expression["key"], expression.get("values") or []
    match expression["operator"]:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case operator:
            raise Unreadable(f"an operator {operator}")


def _name(host: Host, kind: str) -> str:
    return f"{kind.lower()}_{host.address.replace('.', '_')}"


def _chain(name: str, rules: Iterable[str]) -> str:
    return "\n".join([f"  chain {name} {{", *(f"    {rule}" for rule in rules), "  }"])


def _jump(host: Host, kind: str) -> str:
    return f"ip {_SIDES[kind][0]} {host.address} jump {_name(host, kind)}"


def _allowed(policy: Policy, kind: str, hosts: Sequence[Host]) -> Iterator[str]:
    _, other, word = _SIDES[kind]
    for rule in policy["spec"].get(kind.lower()) or []:
        for peer in _peers(rule.get(word), policy["metadata"]["namespace"], hosts):
            where = "".join(f"ip {other} {addresses} " for addresses in peer)
            for port in _ports(rule.get("ports")):
                yield f"{where}{port}return"


def _peers(
    said: Sequence[Mapping[str, Any]] | None, namespace: str, hosts: Sequence[Host]
) -> Iterator[list[str]]:
    if not said:
        yield []
    for peer in said or []:
        if unknown := set(peer) - {"ipBlock", "podSelector", "namespaceSelector"}:
            raise Unreadable(f"a peer with {unknown}")
        if "ipBlock" in peer:
            yield _block(peer["ipBlock"])
        else:
            yield from ([host.address] for host in hosts if _is_peer(peer, host, namespace))


def _block(block: Mapping[str, Any]) -> list[str]:
    without = block.get("except") or []
    return [block["cidr"], *([f"!= {{ {', '.join(without)} }}"] if without else [])]


def _is_peer(peer: Mapping[str, Any], host: Host, namespace: str) -> bool:
    if host.namespace is None:
        return False
    if "namespaceSelector" in peer:
        if not selects(peer["namespaceSelector"], host.namespace_labels):
            return False
    elif host.namespace != namespace:
        return False
    return selects(peer.get("podSelector"), host.labels)


def _ports(said: Sequence[Mapping[str, Any]] | None) -> Iterator[str]:
    if not said:
        yield ""
    for one in said or []:
        kind, port = str(one.get("protocol", "TCP")).lower(), one.get("port")
        if isinstance(port, str):
            raise Unreadable(f"a port by name: {port}")
        if port is None:
            yield f"meta l4proto {kind} "
        else:
            yield f"{kind} dport {port}{'-' + str(one['endPort']) if 'endPort' in one else ''} "
