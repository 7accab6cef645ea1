"""kubernetes/monitoring/log-export.yaml, by kinds and names."""

from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

REPOSITORY: Final = Path(__file__).resolve().parents[3]
LOG_EXPORT: Final = REPOSITORY / "kubernetes/monitoring/log-export.yaml"

Manifest = dict[str, Any]


@cache
def manifests() -> dict[tuple[str, str], Manifest]:
    """Return the objects."""
    found = [*yaml.safe_load_all(LOG_EXPORT.read_text())]
    return {(one["kind"], one["metadata"]["name"]): one for one in found}


def configuration() -> str:
    """Return fluent-bit's configuration."""
    text: str = manifests()["ConfigMap", "fluent-bit-config"]["data"]["fluent-bit.conf"]
    return text


def pod() -> Manifest:
    """Return the spec of the pods."""
    spec: Manifest = manifests()["DaemonSet", "license-log-export"]["spec"]["template"]["spec"]
    return spec


def container() -> Manifest:
    """Return its one container."""
    (only,) = pod()["containers"]
    found: Manifest = only
    return found


def environment() -> dict[str, str]:
    """Return what the process finds in its environment."""
    found = {one["name"]: one.get("value", "") for one in container()["env"]}
    for source in container()["envFrom"]:
        found |= manifests()["ConfigMap", source["configMapRef"]["name"]]["data"]
    return found
