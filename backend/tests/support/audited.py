"""A tenant whose audit is sealed, and what somebody with the database in his hands does to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection, models

from audit.checkpoints import Notary
from audit.exports import export_lines
from audit.models import AuditCheckpoint, AuditEntry, AuditEvent, AuditHead, AuditSubject
from audit.operations import record
from audit.sealer import Round, Sealer
from audit.verification import Audited, verify_tenant
from coditect_license_token.audit_chain import FIRST_HASH, canonical, next_hash
from coditect_license_token.audit_export import Verdict, verify_export
from coditect_license_token.checkpoint import NoteKey
from foundation.ids import new_id
from signing.checkpoint_key import CheckpointKey
from tenants.current import tenant_transaction
from tenants.models import Tenant
from tests.support.clock import START, ManualClock

NAME: Final = "licenses.example.com/audit"
LONG_AGO: Final = START - timedelta(days=365)
BOOKS: Final[tuple[type[models.Model], ...]] = (
    AuditEvent,
    AuditEntry,
    AuditHead,
    AuditCheckpoint,
    AuditSubject,
)


def a_notary(name: str = NAME) -> Notary:
    """A notary with a key that nobody has seen."""
    key = CheckpointKey(Ed25519PrivateKey.generate())
    return Notary(NoteKey(name, key.public_key), key)


class Audit:
    """One tenant's audit, its sealer, and the checkpoints that its customer keeps."""

    def __init__(self, slug: str = "alice") -> None:
        self.tenant = Tenant.objects.create(slug=slug, name=slug)
        self.clock = ManualClock(START)
        self.notary = a_notary()
        self.sealer = Sealer(self.notary, clock=self.clock)
        self.kept: list[str] = []

    def happen(
        self, *actions: str, principal: str = "user:alice", seconds: float = 1, **details: Any
    ) -> None:
        """Have events happen, a second each."""
        for action in actions:
            self.clock.advance(seconds)
            with tenant_transaction(self.tenant.id):
                record(action, tenant_id=self.tenant.id, principal=principal, **details)
            self._date()

    def _date(self) -> None:
        """Have what was just recorded, at the host's time, be of this clock's time.

        What forgetting sealed itself stays as it was sealed.
        """
        instants = (connection.ops.adapt_datetimefield_value(at) for at in (self.clock(), LONG_AGO))
        tamper(
            "UPDATE audit_event SET at = %s WHERE at < %s"
            " AND id NOT IN (SELECT event_id FROM audit_entry)",
            *instants,
        )

    def seal(self) -> Round:
        """Seal a minute later, so that a checkpoint is due; the customer keeps the newest."""
        self._date()
        self.clock.advance(60)
        done = self.sealer.round()
        with tenant_transaction(self.tenant.id):
            newest = self._rows(AuditCheckpoint).order_by("-size").first()
        if newest is not None and newest.note not in self.kept:
            self.kept.append(newest.note)
        return done

    def export(self, first: int = 1) -> list[str]:
        origin = self.notary.origin_of(self.tenant.id)
        return list(export_lines(self.tenant.id, origin=origin, first=first))

    def verify_export(self, first: int = 1) -> Verdict:
        """What the customer finds, with what he kept."""
        return verify_export(self.export(first), keys=self.notary.keys, kept=self.kept)

    def verify(self, *, with_kept: bool = True, **span: Any) -> Audited:
        """What the operator finds."""
        return verify_tenant(
            self.tenant.id,
            notary=self.notary,
            now=self.clock() + timedelta(hours=1),
            kept=self.kept if with_kept else (),
            **span,
        )

    def codes(self, **how: Any) -> set[str]:
        return {finding.code for finding in self.verify(**how).findings}

    def entries(self) -> list[AuditEntry]:
        with tenant_transaction(self.tenant.id):
            return list(self._rows(AuditEntry).order_by("position"))

    def events(self) -> list[AuditEvent]:
        with tenant_transaction(self.tenant.id):
            return list(self._rows(AuditEvent).order_by("at", "id"))

    def _rows(self, book: type[Any]) -> models.QuerySet[Any]:
        return book._default_manager.filter(tenant_id=self.tenant.id)  # type: ignore[no-any-return]

    def copy(self) -> dict[type[models.Model], list[Any]]:
        """A backup of everything that the audit has."""
        with tenant_transaction(self.tenant.id):
            return {book: list(self._rows(book)) for book in BOOKS}

    def restore(self, backup: dict[type[models.Model], list[Any]]) -> None:
        """Put a backup in the place of everything."""
        for book in BOOKS:
            tamper(f"DELETE FROM {book._meta.db_table}")
        with tenant_transaction(self.tenant.id):
            for book, rows in backup.items():
                book._default_manager.bulk_create(rows)

    def rewrite(self, change: Callable[[list[dict[str, Any]]], Sequence[dict[str, Any]]]) -> None:
        """Change the entries and chain them anew, as whoever knows the rules and has no key."""
        texts = change([json.loads(row.entry) for row in self.entries()])
        tamper("DELETE FROM audit_entry")
        hash_, rows = FIRST_HASH, []
        for position, entry in enumerate(texts, 1):
            text = canonical({**entry, "position": position})
            hash_ = next_hash(hash_, text)
            rows.append(
                AuditEntry(
                    tenant_id=self.tenant.id,
                    position=position,
                    event_id=entry["id"],
                    entry=text,
                    hash=hash_.hex(),
                )
            )
        with tenant_transaction(self.tenant.id):
            AuditEntry.objects.bulk_create(rows)
        tamper("UPDATE audit_head SET size = %s, hash = %s", len(rows), hash_.hex())

    def put_in(self, at: datetime) -> AuditEvent:
        """Write an event behind the sealer's back."""
        with tenant_transaction(self.tenant.id):
            return AuditEvent.objects.create(
                tenant_id=self.tenant.id,
                id=new_id(),
                at=at,
                action="license.issued",
                principal="user:mallory",
            )


def tamper(statement: str, *values: Any) -> int:
    """Run a statement as whoever owns the database, past every wall; return how many rows."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET session_replication_role = replica")  # no trigger fires
        cursor.execute(statement, values)
        changed = int(cursor.rowcount)
        if connection.vendor == "postgresql":
            cursor.execute("SET session_replication_role = origin")
        return changed


def key_of(value: Any) -> Any:
    """An id as the database keeps it."""
    return value if connection.vendor == "postgresql" else value.hex
