"""Erasing a person, or a whole tenant: done at once, noted for ever, done again after a restore."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection, models
from django.db.models import Q

from audit.models import AuditEvent
from audit.operations import forget_subject
from foundation.peppers import Peppers
from identity.models import Member
from leasing.models import LicenseSession
from leasing.operations import force_release
from leasing.store import Store
from privacy.errors import RowsHidden, StillHolding, TenantNotSuspended
from privacy.inventory import models_of_calls, tenant_models
from privacy.models import Erasure
from privacy.persons import Person, find_person, sessions_of
from soft_state.notices import BOARD, Topic
from tenants.current import tenant_transaction
from tenants.models import Tenant

ROWS_AT_A_TIME: Final = 1_000
_UUID: Final = models.UUIDField()

OpenStore = Callable[[], Store]


def erase_person(
    person: Person, *, open_store: OpenStore, peppers: Peppers, principal: str, now: datetime
) -> dict[str, int]:
    """Forget a person; return how many rows of which table changed. It cannot be undone.

    The door is shut first, then the seats the person holds are freed, then what is left is
    forgotten together with a note in the ledger of erasures. Killed in between, it is done again
    with the same call. The account at the issuer is not ours to end: while it lives the person can
    come back as somebody new. Raises StillHolding, StoreUnavailable.
    """
    _shut_door(person)
    for session_id in _live_sessions(person):
        force_release(
            open_store=open_store,
            tenant_id=person.tenant_id,
            session_id=session_id,
            principal=principal,
            even_if_borrowed=True,  # a file that was lent runs on; the audit says so
        )
    with tenant_transaction(person.tenant_id):
        counts = _forget(person, principal)
        _note_person(person, peppers, principal, now)
    return counts


def erase_tenant(*, tenant_id: UUID, principal: str, now: datetime) -> dict[str, int]:
    """Delete every row of a suspended tenant; return how many of which table. Cannot be undone.

    Noted in the ledger of erasures first, then some rows at a time, so killed in between it is done
    again with the same call. The login must see all rows: raises RowsHidden. Raises
    TenantNotSuspended.
    """
    _require_all_rows()
    tenant = Tenant.across_tenants.filter(id=tenant_id).first()
    if tenant is not None and tenant.suspended_at is None:
        raise TenantNotSuspended(f"{tenant.slug} is at work: suspend it first")
    if not Erasure.across_tenants.filter(tenant_id=tenant_id, person_hmac="").exists():
        note = Erasure(tenant_id=tenant_id, principal=principal, erased_at=now)
        Erasure.across_tenants.bulk_create([note])
    counts = {table: _delete(table, "tenant_id", tenant_id) for table in _tables()}
    counts["tenant_alias"] = _delete("tenant_alias", "meant_id", tenant_id)
    counts["tenant"] = _delete("tenant", "id", tenant_id)
    BOARD.announce(Topic.ISSUERS, about=tenant_id)
    return counts


def erasures() -> list[Erasure]:
    """Return the whole ledger of erasures, for a login that sees all rows. Raises RowsHidden."""
    _require_all_rows()
    return list(Erasure.across_tenants.order_by("erased_at", "id"))


def erase_again(
    known: Iterable[Erasure],
    *,
    open_store: OpenStore,
    peppers: Peppers,
    principal: str,
    now: datetime,
) -> int:
    """Erase whom an older ledger still knows; return how many persons and tenants were found.

    For a restored ledger. Raises RowsHidden.
    """
    _require_all_rows()
    noted = list(known)
    Erasure.across_tenants.bulk_create(noted, ignore_conflicts=True)
    gone = {erasure.tenant_id for erasure in noted if not erasure.person_hmac}
    found = 0
    for tenant in Tenant.across_tenants.filter(id__in=gone):
        Tenant.across_tenants.filter(id=tenant.id).update(suspended_at=now)
        erase_tenant(tenant_id=tenant.id, principal=principal, now=now)
        found += 1
    for tenant_id, hmacs in _persons_by_tenant(noted, gone).items():
        for name in _names_with(hmacs, tenant_id, peppers):
            person = find_person(tenant_id=tenant_id, name=name)
            erase_person(
                person, open_store=open_store, peppers=peppers, principal=principal, now=now
            )
            found += 1
    return found


def _shut_door(person: Person) -> None:
    with tenant_transaction(person.tenant_id):
        Member.objects.filter(tenant_id=person.tenant_id, id__in=person.member_ids).delete()
        for member_id in person.member_ids:
            BOARD.announce(Topic.CREDENTIALS, about=member_id)


def _sessions(person: Person) -> models.QuerySet[LicenseSession]:
    return LicenseSession.objects.filter(sessions_of(person), tenant_id=person.tenant_id)


def _live_sessions(person: Person) -> list[UUID]:
    with tenant_transaction(person.tenant_id):
        return list(_sessions(person).filter(ended_at=None).values_list("id", flat=True))


def _forget(person: Person, principal: str) -> dict[str, int]:
    sessions = _sessions(person)
    if sessions.filter(ended_at=None).exists():
        raise StillHolding("the person has just taken a seat: end the account at its issuer first")
    own = Q(tenant_id=person.tenant_id)
    devices = {f"device:{name}" for name in sessions.values_list("device", flat=True) if name}
    return {
        "license_session": sessions.update(principal="", metadata={}, device=""),
        **{model._meta.db_table: _delete_calls(model, person) for model in models_of_calls()},  # noqa: SLF001
        "member": len(person.member_ids)
        + Member.objects.filter(own, invited_by__in=person.labels).update(invited_by=""),
        "audit_event": forget_subject(
            tenant_id=person.tenant_id, subjects={*person.names, *devices}, principal=principal
        ),
    }


def _delete_calls(model: type[models.Model], person: Person) -> int:
    rows = model._default_manager.filter(  # noqa: SLF001 (Django's)
        tenant_id=person.tenant_id, principal__in=person.labels
    )
    return rows.delete()[0]


def _note_person(person: Person, peppers: Peppers, principal: str, now: datetime) -> None:
    for name in person.names:
        Erasure.objects.get_or_create(
            tenant_id=person.tenant_id,
            person_hmac=peppers.current(_purpose(person.tenant_id, name)),
            defaults={
                "pepper_version": peppers.current_version,
                "principal": principal,
                "erased_at": now,
            },
        )


def _purpose(tenant_id: UUID, name: str) -> str:
    """Return what is hashed: of one tenant and one use, so it equals no other hash of ours."""
    return f"erasure {tenant_id} {name}"


def _persons_by_tenant(known: Iterable[Erasure], gone: set[UUID]) -> dict[UUID, set[str]]:
    persons: dict[UUID, set[str]] = {}
    here = set(Tenant.across_tenants.values_list("id", flat=True)) - gone
    for erasure in known:
        if erasure.person_hmac and erasure.tenant_id in here:
            persons.setdefault(erasure.tenant_id, set()).add(erasure.person_hmac)
    return persons


def _names_with(hmacs: set[str], tenant_id: UUID, peppers: Peppers) -> list[str]:
    """Return the names in a tenant that were erased before, one for each person that is there."""
    with tenant_transaction(tenant_id):
        names = set(_stored_names(tenant_id))
    return sorted(
        name for name in names if hmacs.intersection(peppers.candidates(_purpose(tenant_id, name)))
    )


def _stored_names(tenant_id: UUID) -> Iterator[str]:
    kinds: list[type[models.Model]] = [LicenseSession, AuditEvent, *models_of_calls()]
    for model in kinds:
        rows = model._default_manager.filter(tenant_id=tenant_id)  # noqa: SLF001 (Django's)
        named = rows.exclude(principal="").values_list("principal", flat=True)
        yield from named.distinct()
    for email, subject in Member.objects.filter(tenant_id=tenant_id).values_list(
        "email", "subject"
    ):
        if subject:
            yield f"user:{subject}"
        elif email:
            yield f"email:{email}"


def _tables() -> list[str]:
    kept = Erasure
    return [model._meta.db_table for model in tenant_models() if model is not kept]  # noqa: SLF001


def _delete(table: str, column: str, tenant_id: UUID) -> int:
    """Delete a tenant's rows of one table, some at a time, and wait for nobody in between."""
    place = "ctid" if connection.vendor == "postgresql" else "rowid"
    statement = (
        f"DELETE FROM {table} WHERE {place} IN"  # noqa: S608 (names of our own tables)
        f" (SELECT {place} FROM {table} WHERE {column} = %s LIMIT {ROWS_AT_A_TIME})"
    )
    value: Any = _UUID.get_db_prep_value(tenant_id, connection)
    count = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(statement, [value])
            deleted = int(cursor.rowcount)
        count += deleted
        if deleted < ROWS_AT_A_TIME:
            return count


def _require_all_rows() -> None:
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_security_active('license_session')")
        (is_hidden,) = cursor.fetchone()
    if is_hidden:
        raise RowsHidden(
            "row-level security hides rows from this login: LICENSE_BACKUP_DATABASE_URL names one "
            "that sees all of them (docs/how-to/restore-a-backup.md)"
        )
