"""Every overlay renders, alone and with each component, and kustomize does refuse what is wrong."""

from pathlib import Path

import pytest
from deploy.kubernetes.rendering import (
    COMPONENTS,
    KUBERNETES,
    OVERLAYS,
    NotRendered,
    of_kind,
    render,
    render_folder,
)

_NAMESPACES = {"production-shared-ip": "coditect-app"}
_WORKLOADS = {
    "Deployment/coditect-license-api",
    "Deployment/coditect-license-console",
    "Deployment/coditect-license-worker",
    "Job/coditect-license-migrate",
}
_HEAD = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_overlay_renders_with_all_four_workloads_in_its_namespace(overlay: str) -> None:
    manifests = render(overlay)

    found = {f"{one['kind']}/{one['metadata']['name']}" for one in manifests}
    assert found >= _WORKLOADS
    namespaces = {
        one["metadata"].get("namespace") for one in manifests if one["kind"] != "Namespace"
    }
    assert namespaces == {_NAMESPACES.get(overlay, "coditect-license")}


def test_every_folder_of_overlays_is_rendered() -> None:
    assert {path.name for path in (KUBERNETES / "overlays").iterdir()} == {*OVERLAYS}


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_component_renders_on_the_base_and_changes_it(component: str, on_base: Path) -> None:
    alone = _folder(on_base, components="")
    with_it = _folder(on_base, components=f"components: [../../components/{component}]\n")

    assert render_folder(with_it) != render_folder(alone)


def test_kustomize_refuses_a_patch_of_nothing(on_base: Path) -> None:
    patch = "patches:\n- patch: |\n    {apiVersion: v1, kind: Service, metadata: {name: no-such}}\n"

    with pytest.raises(NotRendered, match="no-such"):
        render_folder(_folder(on_base, components=patch))


def test_nothing_is_rendered_twice() -> None:
    manifests = render("production")

    names = [f"{one['kind']}/{one['metadata']['name']}" for one in manifests]
    assert len(names) == len({*names})
    assert of_kind(manifests, "Namespace").keys() == {"coditect-license"}


def _folder(on_base: Path, *, components: str) -> Path:
    """Return a folder with a kustomization over the copied base."""
    folder = on_base / "overlays" / f"tried-{len([*(on_base / 'overlays').iterdir()])}"
    folder.mkdir()
    (folder / "kustomization.yaml").write_text(_HEAD + "resources: [../../base]\n" + components)
    return folder
