"""What an operator does with trusted issuers. Running servers hear of each change at once.

Every deed reads all rows again before it commits: one that cannot be used would keep each server
from reading any of them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from identity import queries
from identity.claims import is_tenant_name
from identity.errors import UnusableIssuer
from identity.fetched_keys import KeySources
from identity.issuers import DEVELOPMENT_SUFFIX
from identity.models import TenantAlias, TrustedIssuer
from soft_state.notices import BOARD, Topic


def add_issuer(row: TrustedIssuer, *, sources: KeySources) -> TrustedIssuer:
    """Trust a new issuer. Raises UnusableIssuer for one that is known, or cannot be used."""
    if row.issuer.endswith(DEVELOPMENT_SUFFIX):
        raise UnusableIssuer(f"names that end in {DEVELOPMENT_SUFFIX} are the development issuer's")
    known = TrustedIssuer.objects.filter(issuer=row.issuer, audience=row.audience).first()
    if known is not None:
        raise UnusableIssuer(f"{row} is known already, as {known.pk}")
    with _changing(sources):
        row.save()
    return row


def admit(row_id: int, admission: dict[str, Any], *, sources: KeySources) -> TrustedIssuer:
    """Admit more tokens of an issuer. Raises UnusableIssuer, also for an admission it has."""
    with _changing(sources):
        row = locked(row_id)
        if admission in row.admissions:
            raise UnusableIssuer("it has this admission already")
        row.admissions = [*row.admissions, admission]
        row.save(update_fields=["admissions"])
    return row


def withdraw(row_id: int, place: int, *, sources: KeySources) -> TrustedIssuer:
    """Take an admission back, by its place as it is listed, from 1. Raises UnusableIssuer."""
    with _changing(sources):
        row = locked(row_id)
        if not 1 <= place <= len(row.admissions):
            raise UnusableIssuer(f"it has {len(row.admissions)} admissions")
        row.admissions = row.admissions[: place - 1] + row.admissions[place:]
        row.save(update_fields=["admissions"])
    return row


def set_enabled(row_id: int, *, enabled: bool, sources: KeySources) -> TrustedIssuer:
    """Believe an issuer, or believe it no more. Raises UnusableIssuer."""
    with _changing(sources):
        row = locked(row_id)
        row.enabled = enabled
        row.save(update_fields=["enabled"])
    return row


def map_tenant(row_id: int, name: str, tenant_id: UUID, *, sources: KeySources) -> TenantAlias:
    """Have an issuer's name of a tenant mean one of ours. Raises UnusableIssuer."""
    if not is_tenant_name(name):
        raise UnusableIssuer("a name has 1 to 128 printable characters, and no blanks")
    try:
        with _changing(sources):
            row = locked(row_id)
            if not row.maps_tenant_names:
                raise UnusableIssuer("its tokens name tenants by our own ids")
            return TenantAlias.objects.create(trusted_issuer=row, name=name, tenant_id=tenant_id)
    except IntegrityError as taken:
        raise UnusableIssuer(f"{name} is mapped already") from taken


def unmap_tenant(row_id: int, name: str, *, sources: KeySources) -> None:
    """Have an issuer's name of a tenant mean nothing. Raises UnusableIssuer."""
    with _changing(sources):
        gone, _ = TenantAlias.objects.filter(trusted_issuer=locked(row_id), name=name).delete()
        if not gone:
            raise UnusableIssuer(f"{name} is not mapped")


def locked(row_id: int) -> TrustedIssuer:
    """Return an issuer's row, locked. Raises UnusableIssuer."""
    row = TrustedIssuer.objects.select_for_update().filter(pk=row_id).first()
    if row is None:
        raise UnusableIssuer(f"there is no trusted issuer {row_id}")
    return row


@contextmanager
def _changing(sources: KeySources) -> Iterator[None]:
    with transaction.atomic():
        yield
        queries.trusted_issuers(sources)
        BOARD.announce(Topic.ISSUERS, about="")
