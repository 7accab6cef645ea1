"""The export that customers verify: JSON Lines, as docs/audit.md has them."""

import re
from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

from audit.models import AuditCheckpoint, AuditEntry, AuditEvent, AuditSubject
from audit.rules import Event
from audit.sealing import event_of
from coditect_license_token import MalformedDocument
from coditect_license_token.audit_chain import FIRST_HASH, canonical, field_salt, read_entry
from coditect_license_token.audit_export import FORMAT
from tenants.current import tenant_transaction

_PAGE: Final = 500
_SALT: Final = re.compile(r"[0-9a-f]{64}")


def export_lines(tenant_id: UUID, *, origin: str, first: int = 1) -> Iterator[str]:
    """Yield the lines of a tenant's export, from position ``first`` to the end of the chain.

    ``origin`` names the chain (:func:`audit.checkpoints.origin_of`). Each page is read in a
    transaction of its own, so that a slow reader holds none; the checkpoints come last. An export
    that does not begin at 1 is verified by whoever kept a checkpoint of ``first - 1``. Raises
    ValueError for a ``first`` that is not in the chain, nor right behind it.
    """
    if first < 1:
        raise ValueError("positions begin at 1")
    with tenant_transaction(tenant_id):
        before = _hash_before(tenant_id, first)
        # Before the entries: none of them may count more than is read afterwards.
        rows = AuditCheckpoint.objects.filter(tenant_id=tenant_id, size__gte=first - 1)
        notes = list(rows.order_by("size").values_list("note", flat=True))
    yield canonical(
        {
            "audit_export": FORMAT,
            "before": before,
            "first": first,
            "origin": origin,
            "tenant_id": str(tenant_id),
        }
    )
    place: int | None = first
    while place is not None:
        with tenant_transaction(tenant_id):
            page, place = _page(tenant_id, place)
        yield from page
    yield from (canonical({"checkpoint": note}) for note in notes)


def readable(text: str) -> dict[str, Any]:
    """Return the members of an entry; of one that was spoiled, none that are personal."""
    try:
        return read_entry(text)
    except MalformedDocument:
        return {"personal": {}}


def openings(entry: dict[str, Any], event: Event | None, salts: dict[str, bytes]) -> dict[str, Any]:
    """Return what opens the personal values of an entry, by field, as far as they are kept."""
    personal = {} if event is None else event.personal
    return {
        field: {
            "salt": field_salt(salts[sealed["subject"]], entry["id"], field).hex(),
            "value": personal[field].value,
        }
        for field, sealed in entry["personal"].items()
        if field in personal and sealed["subject"] in salts
    }


def salts_of(tenant_id: UUID, entries: list[dict[str, Any]]) -> dict[str, bytes]:
    """Return the salts of the subjects that entries name, by the id of the subject."""
    names = {sealed["subject"] for entry in entries for sealed in entry["personal"].values()}
    rows = AuditSubject.objects.filter(tenant_id=tenant_id, id__in=filter(_is_id, names))
    salts = rows.values_list("id", "salt")
    return {str(id_): bytes.fromhex(salt) for id_, salt in salts if _SALT.fullmatch(salt)}


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _hash_before(tenant_id: UUID, first: int) -> str:
    if first == 1:
        return FIRST_HASH.hex()
    row = AuditEntry.objects.filter(tenant_id=tenant_id, position=first - 1).first()
    if row is None:
        raise ValueError(f"the chain has no entry at {first - 1}")
    return row.hash


def _page(tenant_id: UUID, place: int) -> tuple[list[str], int | None]:
    """Return the lines from a position on, and where the next page begins.

    Entries that are missing leave no line: the reader counts.
    """
    found = AuditEntry.objects.filter(tenant_id=tenant_id, position__gte=place)
    rows = list(found.order_by("position")[:_PAGE])
    entries = [readable(row.entry) for row in rows]
    ids = [row.event_id for row in rows]
    events = {
        row.id: event_of(row) for row in AuditEvent.objects.filter(tenant_id=tenant_id, id__in=ids)
    }
    salts = salts_of(tenant_id, entries)
    lines = [
        canonical(
            {
                "entry": row.entry,
                "hash": row.hash,
                "opened": openings(entry, events.get(row.event_id), salts),
            }
        )
        for row, entry in zip(rows, entries, strict=True)
    ]
    return lines, rows[-1].position + 1 if len(rows) == _PAGE else None
