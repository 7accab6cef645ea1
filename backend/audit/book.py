"""Reads and writes the sealer's rows in bulk: a model for each would cost three times the CPU.

The tenant stands in every statement, and values go in as parameters. In SQLite, where Django keeps
ids without dashes and instants as text, rows come out as they do in PostgreSQL.
"""

import json
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection

from audit.rules import Event
from foundation.clock import rfc3339

Place = tuple[datetime, UUID]
"""Where in the order of instants and ids a walk along the events is."""

FIRST_ID: Final = UUID(int=0)
BEGINNING: Final[Place] = (datetime(1, 1, 2, tzinfo=UTC), FIRST_ID)

_BEYOND: Final = "e.tenant_id = %s AND e.at >= %s AND (e.at > %s OR e.id > %s)"

_PLACE = f"""
SELECT e.at, e.id FROM audit_event AS e WHERE {_BEYOND}
ORDER BY e.at, e.id LIMIT 1 OFFSET %s"""

_WITHOUT_ENTRY = f"""
SELECT e.id, e.at, e.action, e.principal, e.license_id, e.session_id, e.details
FROM audit_event AS e
WHERE {_BEYOND} AND (e.at < %s OR (e.at = %s AND e.id <= %s)) AND NOT EXISTS (
    SELECT 1 FROM audit_entry AS c WHERE c.tenant_id = e.tenant_id AND c.event_id = e.id)
ORDER BY e.at, e.id LIMIT %s"""

_INSERT = "INSERT INTO audit_entry (tenant_id, position, event_id, entry, hash)"
_INSERT_EACH = f"{_INSERT} VALUES (%s, %s, %s, %s, %s)"
_INSERT_ALL = f"""{_INSERT}
SELECT %s, w.* FROM unnest(%s::bigint[], %s::uuid[], %s::text[], %s::text[]) AS w"""

_LATEST: Final[Place] = (datetime(9999, 12, 30, tzinfo=UTC), UUID(int=2**128 - 1))


class Entry(NamedTuple):
    """One row of the chain to be written."""

    position: int
    event_id: str
    entry: str
    hash: str


def place_after(tenant_id: UUID, after: Place, count: int) -> Place | None:
    """Return the place of the ``count``-th event after one, or None when there are fewer."""
    with connection.cursor() as cursor:
        cursor.execute(_PLACE, [*_beyond(tenant_id, after), count - 1])
        row = cursor.fetchone()
    return None if row is None else (_instant(row[0]), UUID(_id(row[1])))


def without_entry(tenant_id: UUID, after: Place, to: Place | None, *, most: int) -> list[Event]:
    """Return up to ``most`` events beyond a place, up to another, without an entry; in order."""
    at, id_ = to or _LATEST
    with connection.cursor() as cursor:
        end = [_stored_instant(at), _stored_instant(at), _stored_id(id_)]
        cursor.execute(_WITHOUT_ENTRY, [*_beyond(tenant_id, after), *end, most])
        rows = cursor.fetchall()
    tenant = str(tenant_id)
    return [_event(tenant, row) for row in rows]


def place_of(event: Event) -> Place:
    """Return where an event stands."""
    return datetime.fromisoformat(event.at), UUID(event.id)


def insert(tenant_id: UUID, entries: list[Entry]) -> None:
    """Write entries. Raises IntegrityError when a position or an event has one already."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_INSERT_ALL, [tenant_id, *map(list, zip(*entries, strict=True))])
        else:
            tenant = tenant_id.hex
            cursor.executemany(_INSERT_EACH, _hexadecimal(tenant, entries))


def _hexadecimal(tenant: str, entries: list[Entry]) -> list[tuple[str | int, ...]]:
    return [
        (tenant, row.position, row.event_id.replace("-", ""), row.entry, row.hash)
        for row in entries
    ]


def _event(tenant: str, row: tuple[Any, ...]) -> Event:
    id_, at, action, principal, license_id, session_id, details = row
    return Event(
        tenant_id=tenant,
        id=_id(id_),
        at=rfc3339(_instant(at)),
        action=action,
        principal=principal,
        license_id=None if license_id is None else _id(license_id),
        session_id=None if session_id is None else _id(session_id),
        details=_details(json.loads(details)),
    )


def _details(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {"value": value}


def _beyond(tenant_id: UUID, after: Place) -> list[Any]:
    at, id_ = after
    instant = _stored_instant(at)
    return [_stored_id(tenant_id), instant, instant, _stored_id(id_)]


def _stored_id(value: UUID) -> Any:
    return value if connection.vendor == "postgresql" else value.hex


def _stored_instant(value: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(value)


def _id(value: Any) -> str:
    if isinstance(value, str):
        return f"{value[:8]}-{value[8:12]}-{value[12:16]}-{value[16:20]}-{value[20:]}"
    return str(value)


def _instant(value: Any) -> datetime:
    if isinstance(value, str):
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    return value.astimezone(UTC)  # type: ignore[no-any-return]
