"""What a wheel says of its provider, read once and kept in .local/infra."""

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from deploy.opentofu import documented_values, provider_schema

ROOT = Path(__file__).parents[3]
CACHE = ROOT / ".local/infra"
WHEELS = ROOT / ".venv/wheels"


class NoWheel(Exception):
    """The wheel that holds a provider's schema is not there."""


def cached_schema(provider: str) -> dict[str, Any]:
    """Return the schema of "google" or "google-beta"; see ``provider_schema.read_wheel``.

    The first call reads the wheel (6 s); the result is kept under a name that changes with the
    wheel and with the code that reads it. Several processes may call at once.
    """
    wheel = _wheel(provider)
    kept = CACHE / f"{provider}-{_key(wheel)}.json"
    if not kept.exists():
        _write(kept, json.dumps(provider_schema.read_wheel(wheel), separators=(",", ":")))
    schema: dict[str, Any] = json.loads(kept.read_text())
    return schema


def _wheel(provider: str) -> Path:
    name = provider.replace("-", "_")
    found = sorted(WHEELS.glob(f"cdktn_provider_{name}-*.whl"))
    if not found:
        raise NoWheel(
            f"no wheel of the {provider} provider's schema: run scripts/dev/install-infra"
        )
    return found[-1]


def _key(wheel: Path) -> str:
    """Return what changes with the wheel and with the code that reads it."""
    parts = [f"{wheel.name} {wheel.stat().st_size}".encode()]
    parts += [Path(str(m.__file__)).read_bytes() for m in (provider_schema, documented_values)]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=file.parent, delete=False) as new:
        new.write(text)
    os.replace(new.name, file)  # noqa: PTH105  Path.replace does the same; the name is a string
