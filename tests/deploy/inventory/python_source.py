"""Python files as trees: what a module defines, without importing it."""

import ast
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from deploy.inventory.table import REPOSITORY

SETTINGS: Final = REPOSITORY / "backend/coditect_license/settings.py"
PROJECTS: Final = {
    "CLOUD_KMS_PROJECT_ID": "coditect-cloud-infra",
    "CLOUD_KMS_LOCATION": "us-central1",
    "CLOUD_KMS_KEYRING": "coditect-license-keys",
    "CLOUD_KMS_KEY": "license-signing-key-v1",
    "CLOUD_KMS_KEY_VERSION": "1",
    "GOOGLE_PROJECT_ID": "a-project-of-users",
    "GCP_PROJECT_ID": "coditect-citus-prod",
}
_DUMP: Final = (
    "import json; from coditect_license import settings;"
    "print(json.dumps({k: v for k, v in vars(settings).items() if k.isupper()}, default=str))"
)


def python_tree(path: Path) -> dict[str, Any]:
    """Return the module's definitions: a class with its methods, a function, a constant.

    Of the server's settings the values themselves, as the production profile reads them.
    """
    tree = _definitions(ast.parse(path.read_text()).body)
    return tree | production_settings() if path == SETTINGS else tree


@cache
def production_settings() -> dict[str, Any]:
    """Return every setting of the production profile, read in a process of its own."""
    key = Ed25519PrivateKey.generate()
    audit = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    given = PROJECTS | {
        "LICENSE_PROFILE": "production",
        "LICENSE_SIGNER": "kms",
        "LICENSE_DATABASE_URL": "postgresql://license_control:secret@10.67.0.3:5432/license",
        "LICENSE_LEASING_DATABASE_URL": "postgresql://license_leasing:secret@10.67.0.3/license",
        "DJANGO_SECRET_KEY": "a secret for tests alone, " * 3,
        "LICENSE_KEY_PEPPER_1": "0123456789abcdef" * 4,
        "LICENSE_AUDIT_KEY": audit,
        "LICENSE_ISSUER": "https://licenses.coditect.ai",
        "LICENSE_ALLOWED_HOSTS": "licenses.coditect.ai",
        "LICENSE_ADMIN_HOST": "admin.coditect.ai",
        "LICENSE_CORS_ORIGINS": "https://coditect.ai,https://licenses.coditect.ai",
    }
    child = subprocess.run(
        [sys.executable, "-c", _DUMP],
        env=_without_ours() | given,
        cwd=REPOSITORY / "backend",
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    settings: dict[str, Any] = json.loads(child.stdout)
    return settings


def _without_ours() -> dict[str, str]:
    ours = ("LICENSE_", "DJANGO_", "CLOUD_KMS_", "GOOGLE_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def _definitions(body: list[ast.stmt]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for one in body:
        match one:
            case ast.ClassDef():
                tree[one.name] = _definitions(one.body) | {"text": ast.unparse(one)}
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                tree[one.name] = {"text": ast.unparse(one)}
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                tree[name] = _value(value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                tree[name] = _value(value)
    return tree


def _value(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return ast.unparse(node)
