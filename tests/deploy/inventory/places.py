"""Where a row points: the values at a place of a file or folder of this repository."""

import json
import re
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml
from deploy.inventory.python_source import python_tree
from deploy.inventory.table import REPOSITORY, Row
from deploy.inventory.trees import by_kind_and_name, found


def complaint(row: Row, root: Path = REPOSITORY) -> str:
    """Return what is wrong with a row, or nothing: no such file, no such place, another value."""
    path = root / row.at
    if not path.exists():
        return f"no such file: {row.at}"
    return _of_the_text(row, path) if row.never or not row.key else _of_the_place(row, path)


def _of_the_text(row: Row, path: Path) -> str:
    if row.never:
        return f"{row.at} says {row.never!r}" if _anywhere(row.never, path) else ""
    return "" if _anywhere(row.has, path) else f"{row.at} does not say {row.has!r}"


def _of_the_place(row: Row, path: Path) -> str:
    values = list(_values(row, path))
    place = " > ".join(row.key)
    if row.gone:
        return f"{row.at} has {place}" if any(values) else ""
    if not values:
        return f"{row.at} has no {place}"
    if any(_fits(row, value) for value in values):
        return ""
    return f"{row.at}, {place}: {values!r:.300}, and not {row.has or row.value!r}"


def _fits(row: Row, value: object) -> bool:
    if row.has:
        return _words(row.has) in (value if isinstance(value, list) else _words(_text(value)))
    if row.value is None:
        return True
    return value == row.value and isinstance(value, bool) == isinstance(row.value, bool)


def _values(row: Row, path: Path) -> Iterator[Any]:
    if path.suffix == ".tf":
        from deploy.inventory.plans import planned  # noqa: PLC0415  the engine takes seconds

        return planned(path, row.key)
    return found(_tree(path), row.key)


@cache
def _tree(path: Path) -> Any:
    if path.is_dir():
        from deploy.inventory.rendering import rendered  # noqa: PLC0415

        return by_kind_and_name(rendered(path))
    return _READERS.get(path.suffix, Path.read_text)(path)


def _yaml_tree(path: Path) -> Any:
    documents = [
        one for one in yaml.load_all(path.read_text(), Loader=yaml.CSafeLoader) if one is not None
    ]
    if all(isinstance(one, dict) and "kind" in one and "metadata" in one for one in documents):
        return by_kind_and_name(documents)
    return documents[0]


def _sections(path: Path) -> dict[str, str]:
    """Return a page's text by heading."""
    parts = re.split(r"^#+ (.*)$", path.read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


_READERS: Final[dict[str, Callable[[Path], Any]]] = {
    ".yaml": _yaml_tree,
    ".yml": _yaml_tree,
    ".json": lambda path: json.loads(path.read_text()),
    ".toml": lambda path: tomllib.loads(path.read_text()),
    ".py": python_tree,
    ".md": _sections,
}


def _anywhere(text: str, path: Path) -> bool:
    files = path.rglob("*") if path.is_dir() else [path]
    return any(_words(text) in _read(file) for file in files if file.is_file())


def _read(path: Path) -> str:
    """Return a file's words without comments of whole lines: they may say what is not done."""
    text = path.read_text(errors="replace")
    if path.suffix == ".md":
        return _words(text)
    lines = text.splitlines()
    return _words(" ".join(line for line in lines if not line.lstrip().startswith("# ")))


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _words(text: str) -> str:
    return " ".join(text.split())
