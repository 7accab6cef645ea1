"""What is wrong with manifests: every object against a schema that knows its kind, or a complaint.

Kubernetes' own kinds go by kubernetes-validate, kinds that have models by those (models/check.cjs),
the three that have neither by schemas of ours. A kind that nobody knows is a complaint too.
"""

import json
import subprocess
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import kubernetes_validate
import pytest
import yaml
from deploy.kubernetes.rendering import Manifest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

_HERE: Final = Path(__file__).parent
_MODELS: Final = _HERE / "models"
_NODE: Final = _MODELS / "node_modules/node"
_UNREACHABLE: Final = 75
OLDEST: Final = "1.34"
"""What the manifests need at least: GKE's regular channel when they were written."""

VERSIONS: Final = (
    OLDEST,
    kubernetes_validate.utils.major_minor(kubernetes_validate.latest_version()),
)
OF_MODELS: Final = frozenset(
    {
        *("BackendConfig", "FrontendConfig", "ManagedCertificate"),
        *("GCPBackendPolicy", "GCPGatewayPolicy", "HealthCheckPolicy", "Gateway", "HTTPRoute"),
        *("PodMonitor", "ServiceMonitor", "PrometheusRule"),
    }
)
OF_OURS: Final = frozenset(path.stem for path in (_HERE / "schemas").glob("*.yaml"))


class Complaint(NamedTuple):
    """One thing that is wrong: with which object, who says so, and what."""

    object: str
    check: str
    message: str


def complaints(
    manifests: list[Manifest], *, versions: tuple[str, ...] = VERSIONS
) -> set[Complaint]:
    """Return everything that is wrong with manifests, in any of these versions of Kubernetes."""
    modelled = [one for one in manifests if one["kind"] in OF_MODELS]
    ours = [one for one in manifests if one["kind"] in OF_OURS]
    own = [one for one in manifests if one["kind"] not in OF_MODELS | OF_OURS]
    return {
        *(said for one in own for version in VERSIONS for said in _of_kubernetes(one, version)),
        *(said for one in ours for said in _of_ours(one)),
        *(_of_models(modelled) if modelled else ()),
    }


def _of_kubernetes(manifest: Manifest, version: str) -> list[Complaint]:
    try:
        kubernetes_validate.validate(manifest, version, strict=True)
    except kubernetes_validate.SchemaNotFoundError as stranger:
        return [Complaint(_name(manifest), "kind", stranger.message)]
    except kubernetes_validate.ValidationError as mistake:
        where = ".".join(str(part) for part in mistake.path)
        return [Complaint(_name(manifest), version, f"{where}: {mistake.message}")]
    return []


def _of_ours(manifest: Manifest) -> list[Complaint]:
    found = _schema(manifest["kind"]).iter_errors(_parsed(manifest))
    return [
        Complaint(_name(manifest), "schema", f"{one.json_path}: {one.message}") for one in found
    ]


@cache
def _schema(kind: str) -> Draft202012Validator:
    return Draft202012Validator(yaml.safe_load((_HERE / "schemas" / f"{kind}.yaml").read_text()))


def _parsed(manifest: Manifest) -> Manifest:
    """Return a manifest whose text that is YAML itself is read."""
    secrets: Any = manifest["spec"].get("parameters", {}).get("secrets")
    if not isinstance(secrets, str):
        return manifest
    parsed = deepcopy(manifest)
    parsed["spec"]["parameters"]["secrets"] = yaml.safe_load(secrets)
    return parsed


def _of_models(manifests: list[Manifest]) -> list[Complaint]:
    """Ask Node, once for all of them; skip the test where its packages cannot be had."""
    done = subprocess.run(
        [_node(), str(_MODELS / "check.cjs")],
        input=json.dumps(manifests),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return [Complaint(**said) for said in json.loads(done.stdout)]


def _node() -> str:
    if not _NODE.exists():
        install = _HERE.parents[2] / "scripts/dev/install-npm"
        ended = subprocess.run(
            [str(install), str(_MODELS), "checks of Google's kinds"],
            check=False,
            capture_output=True,
            text=True,
        )
        if ended.returncode == _UNREACHABLE:
            pytest.skip(ended.stderr.strip().splitlines()[-1])
        assert ended.returncode == 0, ended.stderr
    return _NODE.read_text().strip()


def _name(manifest: Manifest) -> str:
    return f"{manifest['kind']}/{manifest['metadata']['name']}"
