"""What a workload finds in its environment, as the manifests give it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import certifi
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from deploy.kubernetes.rendering import Manifest, of_kind, pod_templates, render

MOUNTED_AT: Final = Path("/var/run/secrets/license")
AUTHORITIES_AT: Final = Path("/etc/license/authorities")
WORKLOADS: Final = {
    "license-api": "Deployment/coditect-license-api",
    "license-console": "Deployment/coditect-license-console",
    "license-worker": "Deployment/coditect-license-worker",
    "license-migrate": "Job/coditect-license-migrate",
}
"""What makes the pods of each service account; the daily jobs are the worker's."""

_AUDIT_KEY: Final = Ed25519PrivateKey.generate().private_bytes(
    Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
)
_DATABASE: Final = "postgresql://{login}:for-tests@10.67.0.3/license?sslmode=verify-ca"
MADE_UP: Final = {
    "license-django-secret-key": "for tests alone, and long enough to be taken for a real one",
    "license-key-pepper-1": "0123456789abcdef" * 4,
    "license-audit-key": _AUDIT_KEY.decode(),
    "license-database-url": _DATABASE.format(login="license_control"),
    "license-leasing-database-url": _DATABASE.format(login="license_leasing"),
    "license-migrate-database-url": _DATABASE.format(login="license_owner"),
    "license-redis-password": "for-tests",
}


def system() -> dict[str, str]:
    """Return what any program needs of this machine's environment, and no setting of ours."""
    return {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}


def template_of(overlay: str, account: str) -> Manifest:
    """Return the template of the pods of an account."""
    return dict(pod_templates(render(overlay)))[WORKLOADS[account]]


def environment_of(overlay: str, account: str) -> dict[str, str]:
    """Return the variables of a workload; files are named where the pod has them."""
    config = of_kind(render(overlay), "ConfigMap")["environment-config"]["data"]
    (container,) = template_of(overlay, account)["spec"]["containers"]
    return {**config, **{one["name"]: one["value"] for one in container["env"]}}


def mounted(overlay: str, account: str) -> dict[str, str]:
    """Return the secrets of Secret Manager that a workload mounts: resource names by file names."""
    volumes: list[Any] = template_of(overlay, account)["spec"]["volumes"]
    (named,) = (
        one["csi"]["volumeAttributes"]["secretProviderClass"] for one in volumes if "csi" in one
    )
    provider = of_kind(render(overlay), "SecretProviderClass")[named]
    secrets = yaml.safe_load(provider["spec"]["parameters"]["secrets"])
    return {one["path"]: one["resourceName"] for one in secrets}


def with_files(environment: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Write made-up secrets and authorities into a folder, and name them there."""
    for name, value in MADE_UP.items():
        (folder / name).write_text(value)
    (folder / "redis-ca.pem").write_bytes(Path(certifi.where()).read_bytes())
    return {name: _moved(value, folder) for name, value in environment.items()}


def _moved(value: str, folder: Path) -> str:
    here = Path(value).parent in {MOUNTED_AT, AUTHORITIES_AT}
    return str(folder / Path(value).name) if here else value
