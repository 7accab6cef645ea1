"""The committed copy of the document: reviewers see in it what a change does to callers."""

from difflib import unified_diff
from pathlib import Path

from coditect_license.openapi.document import as_yaml


def write(path: Path) -> None:
    """Write the snapshot."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(as_yaml())


def difference(path: Path) -> str:
    """Return how the snapshot differs from the code, as a unified diff; empty when it does not."""
    kept = path.read_text(encoding="utf-8") if path.exists() else ""
    lines = unified_diff(
        kept.splitlines(keepends=True),
        as_yaml().decode().splitlines(keepends=True),
        fromfile=path.name,
        tofile="the code",
    )
    return "".join(lines)
