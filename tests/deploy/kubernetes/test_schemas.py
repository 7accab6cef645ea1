"""Every object of every overlay and component fits a schema, and planted mistakes are found."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from deploy.kubernetes.complaints import OF_MODELS, OF_OURS, VERSIONS, Complaint, complaints
from deploy.kubernetes.rendering import COMPONENTS, OVERLAYS, Manifest, render, render_folder

_WITH = """apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [../../base]
components: [../../components/{component}]
"""


def everything(on_base: Path) -> list[Manifest]:
    """Return the objects of all overlays, and of the base with each component."""
    manifests = [one for overlay in OVERLAYS for one in render(overlay)]
    for component in COMPONENTS:
        folder = on_base / "overlays" / component
        folder.mkdir()
        (folder / "kustomization.yaml").write_text(_WITH.format(component=component))
        manifests += render_folder(folder)
    distinct = {str(one): one for one in manifests}
    return [*distinct.values()]


def test_every_object_fits_the_schemas_of_the_oldest_version_and_the_newest(on_base: Path) -> None:
    manifests = everything(on_base)

    assert {one["kind"] for one in manifests} >= (OF_MODELS - {"ServiceMonitor"}) | OF_OURS
    assert VERSIONS[0] == "1.34"
    assert VERSIONS[1] > VERSIONS[0]
    assert complaints(manifests) == set()


PLANTED: dict[str, tuple[Any, ...]] = {
    # kind, path, value; who finds it, and what is said
    "a field that Services have not": (
        *("Service", ["spec", "portz"], []),
        *("1.34", "'portz' was unexpected"),
    ),
    "a probe's path that is spelled wrong": (
        "Deployment",
        ["spec", "template", "spec", "containers", 0, "livenessProbe", "httpGet", "pth"],
        "/health",
        *("1.34", "'pth' was unexpected"),
    ),
    "a selector that is a number": (
        *("NetworkPolicy", ["spec", "podSelector"], 7),
        *("1.34", "7 is not"),
    ),
    "a health check's path that is spelled wrong": (
        *("BackendConfig", ["spec", "healthCheck", "requestPth"], "/health"),
        *("fields", '"requestPth"\' does not exist'),
    ),
    "seconds that are text": (
        *("BackendConfig", ["spec", "timeoutSec"], "30"),
        *("values", "timeoutSec must be integer"),
    ),
    "a redirect's field of another version": (
        *("FrontendConfig", ["spec", "redirectToHttps"], {"enabled": True, "responseCode": 301}),
        *("fields", '"responseCode"\' does not exist'),
    ),
    "domains under another name": (
        *("ManagedCertificate", ["spec", "domainz"], ["licenses.coditect.ai"]),
        *("fields", '"domainz"\' does not exist'),
    ),
    "an interval that is left out": (
        *("PodMonitoring", ["spec", "endpoints", 0], {"port": "metrics"}),
        *("schema", "'interval' is a required property"),
    ),
    "an alert with a field that is not known": (
        *("Rules", ["spec", "groups", 0, "rules", 0, "severity"], "page"),
        *("schema", "'severity' was unexpected"),
    ),
    "a secret by a name that is none": (
        "SecretProviderClass",
        ["spec", "parameters", "secrets"],
        "- {resourceName: license-audit-key, path: license-audit-key}",
        *("schema", "'license-audit-key' does not match"),
    ),
    "secrets as Secrets of Kubernetes": (
        *("SecretProviderClass", ["spec", "secretObjects"], []),
        *("schema", "'secretObjects' was unexpected"),
    ),
    "a kind that nobody knows": (
        *("ConfigMap", ["kind"], "ConfigMapp"),
        *("kind", "Couldn't find schema for kind ConfigMapp"),
    ),
}


@pytest.fixture(scope="module")
def found() -> set[Complaint]:
    """Plant all of them, each in a copy of its own, and ask once: Node takes seconds."""
    return complaints([_planted(number, planted) for number, planted in enumerate(PLANTED)])


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_mistake_is_found_for_the_right_reason(
    found: set[Complaint], planted: str
) -> None:
    *_, check, message = PLANTED[planted]
    name = _name(list(PLANTED).index(planted))

    said = [one for one in found if one.object.endswith(f"/{name}")]
    assert any(one.check == check and message in one.message for one in said), said


def _planted(number: int, planted: str) -> Manifest:
    kind, path, value, *_ = PLANTED[planted]
    manifest = deepcopy(next(one for one in render("production") if one["kind"] == kind))
    manifest["metadata"]["name"] = _name(number)
    place: Any = manifest
    for part in path[:-1]:
        place = place.setdefault(part, {}) if isinstance(place, dict) else place[part]
    place[path[-1]] = value
    return manifest


def _name(number: int) -> str:
    return f"planted-{number}"
