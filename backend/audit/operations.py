"""Writing audit records from the control plane, counting, and forgetting persons."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db.models import F

from audit.book import BEGINNING, Place
from audit.models import AuditEntry, AuditEvent, AuditSubject, DenialCount, SignatureCount
from audit.rules import counts_end, hour_of, impersonal, name_of_subject
from audit.sealing import event_of, lock_head, seal_page
from coditect_license_token.audit_chain import FORGOTTEN
from foundation.clock import rfc3339
from tenants.current import current_tenant_id, tenant_transaction

_PAGE: Final = 500
COUNTER: Final = "system:audit"


class Signed(NamedTuple):
    """What is counted of a signature; ``root_key_id`` names the root behind ``key_id``."""

    document: str
    key_id: str
    root_key_id: str


def record(
    action: str,
    *,
    tenant_id: UUID,
    principal: str,
    license_id: UUID | None = None,
    session_id: UUID | None = None,
    **details: Any,
) -> AuditEvent:
    """Append one audit record; called inside the transaction of the change it records (S15).

    ``principal`` is ``kind:subject``. ``details`` are JSON values and never hold secrets; that
    is not checked. What is about a person is a member of its own with a name that says so, as
    ``audit.rules.Event.personal`` has it: it can be forgotten later, and nothing else can.
    """
    return AuditEvent.objects.create(
        tenant_id=tenant_id,
        action=action,
        principal=principal,
        license_id=license_id,
        session_id=session_id,
        details=details,
    )


def count_signatures(counts: Mapping[Signed, int], *, now: datetime) -> None:
    """Add to the current tenant's counts of this hour; called in its transaction.

    The first signature of a delegated key for this tenant is recorded as ``delegation.started``.
    """
    tenant_id = current_tenant_id()
    for signed, count in sorted(counts.items()):
        key = {"tenant_id": tenant_id, "key_id": signed.key_id, "document": signed.document}
        known = SignatureCount.objects.filter(tenant_id=tenant_id, key_id=signed.key_id)
        if not known.exists() and signed.key_id != signed.root_key_id:
            record(
                "delegation.started",
                tenant_id=tenant_id,
                principal=COUNTER,
                key_id=signed.key_id,
                root_key_id=signed.root_key_id,
            )
        row = SignatureCount(**key, hour=hour_of(now), root_key_id=signed.root_key_id)
        SignatureCount.objects.bulk_create([row], ignore_conflicts=True)
        SignatureCount.objects.filter(**key, hour=hour_of(now)).update(count=F("count") + count)


def record_counts(*, now: datetime) -> int:
    """Record the current tenant's counts of hours that are over; return how many records.

    What is counted later still for such an hour gets another record, of the difference.
    """
    tenant_id, end = current_tenant_id(), counts_end(now)
    whole = {"tenant_id": tenant_id, "hour__lt": end, "count__gt": F("recorded")}
    denials = list(DenialCount.objects.select_for_update().filter(**whole))
    for denied in denials:
        record(
            "denials.counted",
            tenant_id=tenant_id,
            principal=COUNTER,
            license_id=denied.license_id,
            reason=denied.reason,
            **_count(denied),
        )
    signatures = list(SignatureCount.objects.select_for_update().filter(**whole))
    for signed in signatures:
        record(
            "signatures.counted",
            tenant_id=tenant_id,
            principal=COUNTER,
            document=signed.document,
            key_id=signed.key_id,
            root_key_id=signed.root_key_id,
            **_count(signed),
        )
    _note_recorded([*denials, *signatures])
    return len(denials) + len(signatures)


def forget_subject(*, tenant_id: UUID, subjects: Iterable[str], principal: str) -> int:
    """Forget a person in a tenant's audit; return in how many records. Cannot be undone.

    ``subjects`` are all the names the person has in it: principals (``user:alice``) and
    ``email:…``, ``device:…``, ``hardware_id:…`` and their like, as ``audit.rules.Event.personal``
    makes them. Values and salts go, the chain stays and verifies, and the forgetting is recorded.
    Seals the chain before, and after: no export lacks a value without the record that says why.
    What a transaction that is still open writes about the person is not seen; what is written
    later begins a new subject. Nothing happens for names nobody has.
    """
    with tenant_transaction(tenant_id):
        _seal_all()
        lock_head()
        names = {name_of_subject(subject) for subject in subjects}
        found = list(AuditSubject.objects.filter(tenant_id=tenant_id, subject__in=names))
        forgotten: set[UUID] = set()
        for subject in found:
            forgotten |= _blank(subject)
        AuditSubject.objects.filter(
            tenant_id=tenant_id, id__in=[subject.id for subject in found]
        ).delete()
        if found:
            ids = sorted(str(subject.id) for subject in found)
            record(FORGOTTEN, tenant_id=tenant_id, principal=principal, subjects=ids)
            _seal_all()
        return len(forgotten)


def _seal_all() -> None:
    place: Place | None = BEGINNING
    while place is not None:
        place = seal_page(place).next


def _blank(subject: AuditSubject) -> set[UUID]:
    """Take what is about one subject out of the events; return which they were."""
    entries = AuditEntry.objects.filter(
        tenant_id=subject.tenant_id, entry__contains=f'"subject":"{subject.id}"'
    )
    ids = list(entries.values_list("event_id", flat=True))
    for start in range(0, len(ids), _PAGE):
        for row in AuditEvent.objects.filter(
            tenant_id=subject.tenant_id, id__in=ids[start : start + _PAGE]
        ):
            _blank_event(row, subject.subject)
    return set(ids)


def _blank_event(row: AuditEvent, subject: str) -> None:
    personal = event_of(row).personal
    about = {field for field, value in personal.items() if value.subject == subject}
    AuditEvent.objects.filter(tenant_id=row.tenant_id, id=row.id).update(
        principal=impersonal(row.principal) if "principal" in about else row.principal,
        details={k: v for k, v in row.details.items() if f"details.{k}" not in about},
    )


def _count(row: DenialCount | SignatureCount) -> dict[str, Any]:
    return {"hour": rfc3339(row.hour), "count": row.count - row.recorded}


def _note_recorded(rows: Iterable[DenialCount | SignatureCount]) -> None:
    for row in rows:
        row.recorded = row.count
        row.save(update_fields=["recorded"])
