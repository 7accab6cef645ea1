"""Who is in the lab: pods with their namespaces and labels, and addresses that are no pods."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

NAMESPACE_LABEL: Final = "kubernetes.io/metadata.name"
"""The one label that Kubernetes itself gives every namespace. ``name`` is none of them."""


@dataclass(frozen=True)
class Host:
    """One host; ``namespace`` is None for what is not in the cluster."""

    name: str
    address: str
    namespace: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def namespace_labels(self) -> Mapping[str, str]:
        """What selectors of namespaces see."""
        return {} if self.namespace is None else {NAMESPACE_LABEL: self.namespace}


OUTSIDE: Final = (
    Host("load balancer", "35.191.10.7"),
    Host("health checker", "130.211.1.9"),
    Host("cloud sql", "10.67.0.3"),
    Host("redis", "10.159.63.195"),
    Host("another database", "10.200.0.9"),
    Host("google apis", "199.36.153.9"),
    Host("internet", "203.0.113.50"),
    Host("control plane", "172.16.0.2"),
    Host("metadata", "169.254.169.254"),
    Host("metadata before dataplane v2", "169.254.169.252"),
    Host("node-local dns", "169.254.20.10"),
)
"""Addresses that are no pods, by the ranges of tests/deploy/network/README.md."""

OTHER_NAMESPACES: Final = (
    Host("kube-dns", "10.8.1.5", "kube-system", {"k8s-app": "kube-dns"}),
    Host("kube-system pod", "10.8.1.6", "kube-system", {"k8s-app": "metrics-server"}),
    Host("collector", "10.8.2.5", "gmp-system", {"app.kubernetes.io/name": "collector"}),
    Host("prometheus", "10.8.2.6", "monitoring", {"app.kubernetes.io/name": "prometheus"}),
    Host("default pod", "10.8.3.5", "default", {"app": "coditect-license-api"}),
)
"""Pods of namespaces that are not the product's; the last has the product's label and no right."""
