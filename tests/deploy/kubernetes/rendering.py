"""The overlays as kustomize renders them, and what is asked of the objects in them."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml
from deploy.kubernetes.kubectl import REPOSITORY, run_kubectl

KUBERNETES: Final = REPOSITORY / "kubernetes"
OVERLAYS: Final = ("local", "staging", "production", "production-shared-ip")
ON_GOOGLE: Final = ("staging", "production", "production-shared-ip")
COMPONENTS: Final = tuple(sorted(path.name for path in (KUBERNETES / "components").iterdir()))

Manifest = dict[str, Any]


class NotRendered(Exception):
    """Kustomize refused; the message is its own."""


def render_folder(folder: Path) -> list[Manifest]:
    """Return the objects of a folder with a kustomization. Raises NotRendered."""
    done = run_kubectl("kustomize", folder)
    if done.returncode:
        raise NotRendered(done.stderr)
    return [manifest for manifest in yaml.safe_load_all(done.stdout) if manifest]


@cache
def _rendered(overlay: str) -> tuple[Manifest, ...]:
    return tuple(render_folder(KUBERNETES / "overlays" / overlay))


def render(overlay: str) -> list[Manifest]:
    """Return the objects of an overlay. They are shared: copy what you change."""
    return [*_rendered(overlay)]


def of_kind(manifests: list[Manifest], kind: str) -> dict[str, Manifest]:
    """Return the objects of a kind by their names."""
    return {one["metadata"]["name"]: one for one in manifests if one["kind"] == kind}


def pod_templates(manifests: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    """Yield what makes pods, as kind/name, with the template of the pod."""
    for one in manifests:
        template = _template(one)
        if template is not None:
            yield f"{one['kind']}/{one['metadata']['name']}", template


def _template(manifest: Manifest) -> Manifest | None:
    spec = manifest.get("spec", {})
    if manifest["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    found: Manifest | None = spec.get("template") if isinstance(spec, dict) else None
    return found
