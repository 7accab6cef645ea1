"""The inventory: what the first two documents name, and where this repository has it.

The documents are the KMS checkpoint (``checkpoint``) and the hardening strategy (``strategy``).
Each row quotes one of them (``says``) and points at what was built: a file or folder (``at``), a
place in it (``key``) and what is there (``value``). Where something else was built than the
document says, ``changed`` quotes the reason, and the row points at what stands there instead.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

REPOSITORY: Final = Path(__file__).resolve().parents[3]
HERE: Final = Path(__file__).parent
TABLE: Final = HERE / "inventory.yaml"
DOCUMENTS: Final = ("checkpoint", "strategy")
_OF_A_PART: Final = {"document", "part", "at", "under", "rows"}
_OF_A_ROW: Final = {"says", "at", "key", "is", "has", "never", "gone", "changed"}
_EXPECTATIONS: Final = {"is", "has", "never", "gone"}


class MalformedTable(Exception):
    """The table cannot be read: a member is missing or nobody knows it."""


@dataclass(frozen=True)
class Row:
    """One name or value of a document, and what is checked for it.

    Of ``value`` (equal), ``has`` (contained), ``never`` (nowhere in the file) and ``gone`` (no
    such place, or nothing in it) at most one is set; with none of them the place must be there.
    """

    document: str
    part: str
    says: str
    at: str
    key: tuple[str, ...]
    value: object = None
    has: str = ""
    never: str = ""
    gone: bool = False
    changed: str = ""

    @property
    def name(self) -> str:
        """What the row is called among others."""
        return f"{self.document}, {self.part}: {self.says}"


def read_rows(path: Path = TABLE) -> list[Row]:
    """Return every row, in the order of the file. Raises MalformedTable."""
    return [row for part in yaml.safe_load(path.read_text()) for row in _rows_of(part)]


def read_changes(path: Path = HERE / "changes.yaml") -> dict[str, dict[str, str]]:
    """Return by its short name what a document ``says`` and ``why`` something else was built."""
    changes: dict[str, dict[str, str]] = yaml.safe_load(path.read_text())
    return changes


def _rows_of(part: dict[str, Any]) -> Iterator[Row]:
    _know(part, _OF_A_PART, required={"document", "part", "rows"})
    if part["document"] not in DOCUMENTS:
        raise MalformedTable(f"no such document: {part['document']}")
    for row in part["rows"]:
        yield _row(part, row)


def _row(part: dict[str, Any], row: dict[str, Any]) -> Row:
    _know(row, _OF_A_ROW, required={"says"})
    if not ("at" in row or "at" in part) or len(row.keys() & _EXPECTATIONS) > 1:
        raise MalformedTable(f"no file, or more than one expectation: {row['says']}")
    under = "" if "at" in row else part.get("under", "")
    if not (under or row.keys() & {"key", "has", "never"}):
        raise MalformedTable(f"a file alone says little: {row['says']}")
    return Row(
        document=part["document"],
        part=part["part"],
        says=str(row["says"]),
        at=str(row.get("at", part.get("at"))),
        key=_steps(under) + _steps(row.get("key", "")),
        value=row.get("is"),
        has=row.get("has", ""),
        never=row.get("never", ""),
        gone=row.get("gone", False),
        changed=row.get("changed", ""),
    )


def _steps(key: str) -> tuple[str, ...]:
    return tuple(step.strip() for step in str(key).split(" > ") if step.strip())


def _know(found: dict[str, Any], known: set[str], required: set[str]) -> None:
    wrong = (found.keys() - known) | (required - found.keys())
    if wrong:
        raise MalformedTable(f"missing or unknown: {', '.join(sorted(wrong))} in {found!r:.80}")
