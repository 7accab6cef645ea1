"""Everything about a tenant or a person, row by row, as JSON values."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import models
from django.db.models import Q

from audit.models import AuditEvent
from audit.rules import impersonal, is_personal
from foundation.clock import rfc3339
from identity.models import Member
from leasing.models import LicenseSession, Seat, SeatInstance
from privacy.inventory import SECRET_COLUMNS, models_of_calls, tenant_models
from privacy.models import Erasure
from privacy.persons import Person, sessions_of
from tenants.current import tenant_transaction
from tenants.models import Tenant

PAGE: Final = 500

WITHHELD: Final = "withheld: about somebody else"
_INVITERS: Final = frozenset({"invited_by"})
_MEMBERS: Final = frozenset({"email", "subject", "issuer", "last_seen_at"})
_THINGS: Final = ("device", "hardware_id")
"""What audit details say of the device of whoever did it."""

Line = dict[str, Any]
"""``{"table": name, "row": {column: value}}``: one line of an export."""


def tenant_lines(tenant_id: UUID) -> Iterator[Line]:
    """Yield every row of a tenant but what is secret; a page of rows to a transaction.

    What changes meanwhile may be seen before or after its change.
    """
    with tenant_transaction(tenant_id):
        yield from [_line(row) for row in Tenant.objects.filter(id=tenant_id)]
    for model in tenant_models():
        if model is not Erasure:
            yield from _rows(model, tenant_id, Q())


def person_lines(person: Person) -> Iterator[Line]:
    """Yield every row about a person: membership, sessions, their programs, calls and records.

    What such a row says of other people is withheld.
    """
    by_principal = Q(principal__in=person.labels)
    about: list[tuple[type[models.Model], Q]] = [
        (Member, Q(id__in=person.member_ids) | Q(invited_by__in=person.labels)),
        (LicenseSession, _is_theirs(person)),
        *((model, by_principal) for model in models_of_calls()),
        (AuditEvent, by_principal | _in_details(person)),
    ]
    for model, condition in about:
        for line in _rows(model, person.tenant_id, condition):
            yield _without_others(line, person)
    theirs = _rows(LicenseSession, person.tenant_id, _is_theirs(person))
    sessions = [line["row"]["id"] for line in theirs]
    for start in range(0, len(sessions), PAGE):
        held = Q(session_id__in=sessions[start : start + PAGE])
        yield from _rows(Seat, person.tenant_id, held)
        yield from _rows(SeatInstance, person.tenant_id, held)


def _without_others(line: Line, person: Person) -> Line:
    """Return a line with what is about other people withheld: theirs to ask for, and not shown.

    Of a membership that the person only brought about, that it was; of a record, who else did it
    and to whom (GDPR, Article 15(4)).
    """
    row = line["row"]
    if line["table"] == Member._meta.db_table:  # noqa: SLF001 (Django's)
        is_own = UUID(row["id"]) in person.member_ids
        withheld = _INVITERS if is_own else _MEMBERS
        row = {
            name: _own(value, person) if name in withheld else value for name, value in row.items()
        }
    elif line["table"] == AuditEvent._meta.db_table:  # noqa: SLF001
        details = {
            name: _own(value, person) if _is_name(name) else value
            for name, value in row["details"].items()
        }
        row = {**row, "principal": _own(row["principal"], person), "details": details}
    return {**line, "row": row}


def _own(value: Any, person: Person) -> Any:
    """Return a value that names the person or nobody, and WITHHELD for one that names others."""
    names = {*person.labels, *person.emails, *map(str, person.member_ids), *_subjects(person)}
    if not value or value in names or impersonal(str(value)) == value:
        return value
    return WITHHELD


def _subjects(person: Person) -> set[str]:
    return {label.partition(":")[2] for label in person.labels}


def _is_name(detail: str) -> bool:
    return is_personal(detail) and not detail.endswith(_THINGS)


def _is_theirs(person: Person) -> Q:
    with tenant_transaction(person.tenant_id):
        return sessions_of(person)


def _in_details(person: Person) -> Q:
    members = [str(member_id) for member_id in person.member_ids]
    found = Q(details__member_id__in=members)
    return found | Q(details__email__in=person.emails) | Q(details__subject__in=person.labels)


def _rows(model: type[models.Model], tenant_id: UUID, condition: Q) -> Iterator[Line]:
    last: Any = None
    while True:
        with tenant_transaction(tenant_id):
            rows = model._default_manager.filter(condition, tenant_id=tenant_id)  # noqa: SLF001
            if last is not None:
                rows = rows.filter(pk__gt=last)
            page = list(rows.order_by("pk")[:PAGE])
        yield from map(_line, page)
        if len(page) < PAGE:
            return
        last = page[-1].pk


def _line(row: models.Model) -> Line:
    meta = row._meta  # noqa: SLF001 (Django's)
    values = {
        field.column: _plain(getattr(row, field.attname))
        for field in meta.concrete_fields
        if field.column not in SECRET_COLUMNS
    }
    return {"table": meta.db_table, "row": values}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return rfc3339(value)
    return str(value) if isinstance(value, UUID) else value
