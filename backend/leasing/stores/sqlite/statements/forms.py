"""The forms that values come out in, and how JSON rows are taken apart."""

from typing import Final

from leasing.stores.sql.json_rows import JsonRows

_ROWS: Final = JsonRows(
    "json_each(:{})",
    # ``->>`` would do the same, but builds each path anew: three times slower.
    lambda at, _name: f"json_extract(value, '$[{at}]')",
)
wanted, rows = _ROWS.wanted, _ROWS.rows


def dashed(column: str) -> str:
    """Return an id of a column with its dashes."""
    parts = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
    return "||'-'||".join(f"substr({column},{start},{length})" for start, length in parts)
