"""What an environment would be: the values of its resources, as OpenTofu's engine applies them."""

import fcntl
import hashlib
import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

from deploy.inventory.table import REPOSITORY
from deploy.inventory.trees import found
from deploy.opentofu.engine import OPENTOFU, copied, started_engine

KEPT: Final = REPOSITORY / ".local/infra"
_DESCRIBES: Final = {".tf", ".tfvars", ".hcl", ".json", ".sql"}


class NotApplied(Exception):
    """The engine refused the environment; the message is its own."""


def planned(path: Path, steps: Sequence[str], environment: str = "production") -> Iterator[Any]:
    """Yield what an environment has at these steps; the first names a type of resource.

    ``type[name=value]`` is those of the type with that value. Nothing is there when no file of
    the module declares that type.
    """
    kind, _, chosen = steps[0].partition("[")
    if not _declared(path.parent, kind):
        return
    name, _, value = chosen.rstrip("]").partition("=")
    for one in resources(environment):
        if one["type"] == kind and (not name or str(one["values"].get(name)) == value):
            yield from found(one["values"], steps[1:])


@cache
def resources(environment: str) -> tuple[dict[str, Any], ...]:
    """Return every resource of an environment, of all its modules. Raises NotApplied.

    Seconds where ``opentofu/`` has changed, and a moment where it has not: kept in .local/infra.
    """
    kept = KEPT / f"{environment}-{_digest()}.json"
    with _one_at_a_time(KEPT / f"{environment}.lock"):
        if not kept.exists():
            unfinished = kept.with_suffix(".unfinished")
            unfinished.write_text(json.dumps(_applied(environment)))
            unfinished.replace(kept)
    return tuple(_of(json.loads(kept.read_text())))


@contextmanager
def _one_at_a_time(lock: Path) -> Iterator[None]:
    """Let one process in: the others find what it has kept, and need not apply it again."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _applied(environment: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="inventory-") as folder, started_engine() as engine:
        copy = copied(OPENTOFU / "environments" / environment, Path(folder))
        begun = engine.init(copy)
        if not begun.ok:
            raise NotApplied(begun.text)
        module: dict[str, Any] = engine.applied(copy)["values"]["root_module"]
        return module


def _of(module: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from module.get("resources", [])
    for child in module.get("child_modules", []):
        yield from _of(child)


def _declared(module: Path, kind: str) -> bool:
    return any(f'resource "{kind}"' in file.read_text() for file in module.glob("*.tf"))


def _digest() -> str:
    """Return what the environments and the engine that reads them are known by."""
    folders = (OPENTOFU, REPOSITORY / "tests/deploy/opentofu")
    files = (file for folder in folders for file in folder.rglob("*") if file.is_file())
    digest = hashlib.sha256()
    for file in sorted(file for file in files if file.suffix in _DESCRIBES | {".py"}):
        digest.update(str(file.relative_to(REPOSITORY)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]
