"""A folder of evidence sealed: a list of SHA-256 sums, and one sum over the list.

``sha256sum --check MANIFEST.sha256`` reads the list as well. The seal is kept apart from the
folder, in the page, the journal and the locked bucket: who changes a file and the list is found.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

MANIFEST: Final = "MANIFEST.sha256"
_CHUNK: Final = 1 << 20


def seal(folder: Path) -> str:
    """Write the list, take the right to write away, and return the seal."""
    lines = [f"{_sum(folder / name)}  {name}\n" for name in _files(folder)]
    manifest = folder / MANIFEST
    manifest.write_text("".join(lines), encoding="utf-8")
    for path in folder.rglob("*"):
        path.chmod(0o500 if path.is_dir() else 0o400)
    folder.chmod(0o500)
    return _sum(manifest)


def findings(folder: Path, expected: str | None = None) -> list[str]:
    """Return what is not as it was sealed. ``expected`` is the seal, if it was kept."""
    manifest = folder / MANIFEST
    if not manifest.is_file():
        return ["the folder was never sealed: it has no " + MANIFEST]
    found = []
    if expected is not None and _sum(manifest) != expected:
        found.append("the list is not the one that was sealed")
    listed = dict(_listed(manifest))
    present = set(_files(folder))
    found += [f"missing: {name}" for name in sorted(listed.keys() - present)]
    found += [f"added: {name}" for name in sorted(present - listed.keys())]
    changed = (name for name in sorted(listed.keys() & present))
    found += [f"changed: {name}" for name in changed if _sum(folder / name) != listed[name]]
    return found


def _listed(manifest: Path) -> Iterator[tuple[str, str]]:
    for line in manifest.read_text(encoding="utf-8").splitlines():
        sum_, _, name = line.partition("  ")
        yield name, sum_


def _files(folder: Path) -> list[str]:
    every = (path for path in folder.rglob("*") if path.is_file() or path.is_symlink())
    names = (path.relative_to(folder).as_posix() for path in every)
    return sorted(name for name in names if name != MANIFEST)


def _sum(path: Path) -> str:
    if path.is_symlink():
        return "a symbolic link"
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
