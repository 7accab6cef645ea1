"""The forms that values go in and come out in: hexadecimal ids, instants as UTC text, JSON rows."""

from typing import Final

from leasing.stores.sql.json_rows import JsonRows

_KINDS: Final = {
    "uuid": {"tenant", "license", "session", "id"},
    "bigint": {"place", "slot", "gen", "seq", "cap", "count", "version"},
    "timestamptz": {
        "at",
        "ends",
        "unnamed_ends",
        "started_at",
        "ended_at",
        "issued_at",
        "token_issued_at",
        "token_ends",
        "hour",
    },
    "tid": {"seat_at"},
    "boolean": {"is_shared"},
    "jsonb": {"metadata_json", "details_json"},
}
_KIND_OF: Final = {name: kind for kind, names in _KINDS.items() for name in names}


def _part(at: int, name: str) -> str:
    kind = _KIND_OF.get(name, "text")
    if kind == "timestamptz":
        return f"(value ->> {at})::timestamp AT TIME ZONE 'UTC'"
    return f"(value ->> {at})::{kind}"


_ROWS: Final = JsonRows("jsonb_array_elements(%({})s::jsonb)", _part)
wanted, rows, named = _ROWS.wanted, _ROWS.rows, _ROWS.named


def stored(column: str) -> str:
    """Return an instant of a column as UTC text."""
    return f"to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')"


def hex_of(column: str) -> str:
    """Return an id of a column as hexadecimal digits."""
    return f"replace({column}::text, '-', '')"


def given(name: str) -> str:
    """Return the instant that a value given as UTC text stands for."""
    return f"%({name})s::timestamp AT TIME ZONE 'UTC'"
