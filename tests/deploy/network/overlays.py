"""The policies and pods of the overlays, as they are rendered, for the lab."""

import shutil
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import yaml
from deploy.kubernetes.rendering import (
    KUBERNETES,
    Manifest,
    of_kind,
    pod_templates,
    render,
    render_folder,
)
from deploy.network.hosts import Host
from deploy.network.matrix import POSTGRES, cluster

_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "Deployment/coditect-license-api": ("leasing", "leasing's twin"),
    "Deployment/coditect-license-console": ("console",),
    "Deployment/coditect-license-worker": ("worker",),
    "CronJob/coditect-license-notices": ("notices",),
    "CronJob/coditect-license-retention": ("retention",),
    "CronJob/coditect-license-verify": ("verify",),
    "Job/coditect-license-migrate": ("migrate",),
    "Deployment/coditect-license-incident": ("incident webhook",),
    "CronJob/coditect-license-incident-expiry": ("incident expiry",),
    "StatefulSet/license-postgres": (POSTGRES,),
}
"""What the lab calls the pods of each object that makes some; one that is not here is an error."""


@dataclass(frozen=True)
class Deployed:
    """What an overlay puts into a cluster: its policies, and the hosts around them."""

    policies: list[Manifest]
    hosts: list[Host]


def deployed(overlay: str) -> Deployed:
    """Render an overlay; labels and namespace are those of its own pods."""
    return _of(render(overlay))


def with_incident_components() -> Deployed:
    """Render production with both components for incidents."""
    said = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": "coditect-license",
        "resources": ["../production"],
        "components": [f"../../components/incident-{name}" for name in ("webhook", "expiry")],
    }
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "kubernetes"
        shutil.copytree(KUBERNETES, copy)
        (copy / "overlays/incident").mkdir()
        (copy / "overlays/incident/kustomization.yaml").write_text(yaml.safe_dump(said))
        return _of(render_folder(copy / "overlays/incident"))


def _of(manifests: list[Manifest]) -> Deployed:
    policies = deepcopy([*of_kind(manifests, "NetworkPolicy").values()])
    (namespace,) = {policy["metadata"]["namespace"] for policy in policies}
    labels = {
        name: template["metadata"]["labels"]
        for maker, template in pod_templates(manifests)
        for name in _NAMES[maker]
    }
    return Deployed(policies, cluster(namespace, labels))


def with_prometheus_operator(production: Deployed) -> Deployed:
    """Return production with the component for Prometheus' operator in place of Google's."""
    text = (
        KUBERNETES / "components/prometheus-operator/network-policy-prometheus.yaml"
    ).read_text()
    replaced: dict[str, Any] = yaml.safe_load(text)
    name = replaced["metadata"]["name"]
    kept = [one for one in production.policies if one["metadata"]["name"] != name]
    assert len(kept) == len(production.policies) - 1
    replaced["metadata"]["namespace"] = kept[0]["metadata"]["namespace"]
    return Deployed([*kept, replaced], production.hosts)
