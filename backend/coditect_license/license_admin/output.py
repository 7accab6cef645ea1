"""What a command answers: a table or a record for people, JSON for programs."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TextIO
from uuid import UUID

from foundation.clock import rfc3339

Record = Mapping[str, Any]
Answer = Record | Sequence[Record] | str | None


def write(answer: Answer, to: TextIO, *, as_json: bool) -> None:
    """Write an answer. Nothing in it can command the reader's terminal."""
    if as_json:
        said = {"result": answer} if isinstance(answer, str) else answer
        json.dump(said, to, default=_plain, indent=2)
        to.write("\n")
    elif isinstance(answer, str):
        to.write(f"{answer}\n")
    elif isinstance(answer, Mapping):
        _write_record(answer, to)
    elif answer is not None:
        _write_table(answer, to)


def _write_record(record: Record, to: TextIO) -> None:
    width = max(map(len, record), default=0)
    to.writelines(f"{name:<{width}}  {_shown(value)}\n" for name, value in record.items())


def _write_table(rows: Sequence[Record], to: TextIO) -> None:
    if not rows:
        to.write("none\n")
        return
    names = list(rows[0])
    lines = [names, *([_shown(row[name]) for name in names] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    to.writelines(_line(line, widths) for line in lines)


def _line(cells: Iterable[str], widths: Iterable[int]) -> str:
    padded = (f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True))
    return "  ".join(padded).rstrip() + "\n"


def _shown(value: Any) -> str:
    """Return a value in one line, with what a terminal would obey written out."""
    if value is None:
        return "-"
    if isinstance(value, list | tuple):
        return ", ".join(map(_shown, value)) or "-"
    if isinstance(value, Mapping):
        return json.dumps(value, default=_plain)
    text = str(_plain(value))
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value
