"""What an environment becomes: planned from nothing, applied, planned again, ordered destroyed."""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from deploy.opentofu.engine import OPENTOFU, Engine, copied
from deploy.opentofu.schema_cache import CACHE

HERE = Path(__file__).parent
TOLD = {".tf", ".tfvars", ".hcl", ".sql", ".json"}
"""What the engine is told by; a page changes nothing."""


@dataclass(frozen=True)
class Walk:
    """The four steps of one environment, as the engine tells them."""

    first: dict[str, Any]
    """The plan from nothing, in JSON: what the provider computes is unknown."""

    applied: dict[str, Any]
    """The state after an apply with made-up answers: all values known."""

    again: dict[str, Any]
    """The plan after that."""

    destruction: str
    """What a plan to destroy everything said."""


@dataclass(frozen=True)
class Resource:
    """One resource of a plan or a state."""

    address: str
    kind: str
    name: str
    values: dict[str, Any]


def walk(engine: Engine, environment: str) -> Walk:
    """Walk an environment, or recall the walk where nothing has changed since (.local/infra)."""
    kept = CACHE / f"walk-{environment}-{_digest()}.json"
    if not kept.exists():
        text = json.dumps(asdict(_walked(engine, environment)))
        unfinished = kept.with_suffix(f".{os.getpid()}")
        unfinished.write_text(text)
        unfinished.replace(kept)
    return Walk(**json.loads(kept.read_text()))


def _walked(engine: Engine, environment: str) -> Walk:
    with tempfile.TemporaryDirectory(prefix="tofu-") as scratch:
        copy = copied(OPENTOFU / "environments" / environment, Path(scratch))
        begun = engine.init(copy)
        assert begun.ok, begun.err
        first = engine.planned(copy)
        applied = engine.applied(copy)
        again = engine.planned(copy)
        return Walk(first, applied, again, engine.plan(copy, destroy=True).text)


def resources(told: dict[str, Any]) -> list[Resource]:
    """Return every managed resource of a plan or a state, of all its modules."""
    values = told.get("planned_values") or told["values"]
    return list(_of(values["root_module"]))


def _of(module: dict[str, Any]) -> Iterator[Resource]:
    for one in module.get("resources", []):
        if one["mode"] == "managed":
            yield Resource(one["address"], one["type"], one["name"], one["values"])
    for child in module.get("child_modules", []):
        yield from _of(child)


def _digest() -> str:
    digest = hashlib.sha256()
    told = [file for file in OPENTOFU.rglob("*") if file.suffix in TOLD]
    for file in sorted([*told, *HERE.glob("*.py")]):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
