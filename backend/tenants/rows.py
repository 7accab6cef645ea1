"""Models of rows that belong to one tenant, and the two ways to them (S11).

::

    class Member(TenantRow):
        pk = models.CompositePrimaryKey("tenant_id", "id")
        tenant_id = models.UUIDField()
        ...

    with tenant_transaction(principal.tenant_id):
        Member.objects.filter(email=email)      # this tenant's
    Member.objects.count()                      # raises NoCurrentTenant
    Member.across_tenants.count()               # everybody's; in production no row at all

The tenant is looked up when a statement is made ready to run, not when a queryset is written: one
that was kept from another tenant's transaction shows the present tenant's rows or raises.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final, NoReturn, TypeVar
from uuid import UUID

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Expression
from django.db.models.functions import Coalesce
from django.db.models.sql.compiler import SQLCompiler

from tenants.current import current_tenant_id, has_current_tenant
from tenants.errors import ForeignRow

_Row = TypeVar("_Row", bound=models.Model)


class _Asked(Expression):
    """A tenant's id that is asked for each time a statement with it is made ready."""

    def __init__(self, ask: Callable[[], UUID | None]) -> None:
        super().__init__(output_field=models.UUIDField())
        self._ask = ask

    def as_sql(
        self,
        compiler: SQLCompiler,  # noqa: ARG002 (the signature is Django's)
        connection: BaseDatabaseWrapper,
    ) -> tuple[str, tuple[Any, ...]]:
        """Return a placeholder and the id as the database keeps it. Raises NoCurrentTenant."""
        return "%s", (models.UUIDField().get_db_prep_value(self._ask(), connection),)


class TenantQuerySet(models.QuerySet[_Row]):
    """Rows of the current tenant; none of another's is written by it."""

    def bulk_create(self, objs: Iterable[_Row], *arguments: Any, **options: Any) -> list[_Row]:
        """Insert rows. Raises ForeignRow for one of another tenant; then none is inserted."""
        rows = list(objs)
        for row in rows:
            _require_own(row)
        return super().bulk_create(rows, *arguments, **options)

    def update(self, **values: Any) -> int:
        """Change the rows. Raises ForeignRow for an attempt to give them to a tenant."""
        _refuse_moving(values)
        return super().update(**values)

    def raw(self, *_arguments: Any, **_options: Any) -> NoReturn:
        """Raise ForeignRow: nobody would add the tenant to SQL that was written out."""
        raise ForeignRow("SQL of one's own is not limited to the tenant: use across_tenants")


class TenantManager(models.Manager[_Row]):
    """The way to the current tenant's rows; without one each use of it raises NoCurrentTenant."""

    def get_queryset(self) -> TenantQuerySet[_Row]:
        """Return the rows of whoever is the current tenant when they are fetched."""
        own = TenantQuerySet[_Row](self.model, using=self._db)
        return own.filter(tenant_id=_Asked(current_tenant_id))


class DirectoryManager(models.Manager[_Row]):
    """The way to the tenants themselves: all of them, or its own row in a tenant's transaction."""

    def get_queryset(self) -> models.QuerySet[_Row]:
        """Return what whoever is the current tenant may see when the rows are fetched."""
        own = Coalesce(_Asked(_tenant_id_if_any), models.F("id"))
        return super().get_queryset().filter(id=own)


class TenantRow(models.Model):
    """A row that belongs to one tenant, by its field ``tenant_id`` (or ``tenant``, a foreign key).

    Saving, deleting, refreshing and following relations go by the current tenant too: Django uses
    ``objects`` for them.
    """

    tenant_id: Any

    objects = TenantManager()
    across_tenants = models.Manager()  # noqa: DJ012 (no field)

    class Meta:
        abstract = True
        base_manager_name = "objects"
        default_manager_name = "objects"

    def save_base(self, *arguments: Any, **options: Any) -> None:
        """Save the row. Raises ForeignRow for another tenant's, NoCurrentTenant."""
        _require_own(self)
        super().save_base(*arguments, **options)

    def delete(self, *arguments: Any, **options: Any) -> tuple[int, dict[str, int]]:
        """Delete the row. Raises ForeignRow for another tenant's, NoCurrentTenant."""
        _require_own(self)
        return super().delete(*arguments, **options)


_TENANT_FIELDS: Final = {"tenant", "tenant_id", "pk"}


def require_own_entry(tenant_id: UUID) -> None:
    """Raise ForeignRow in the transaction of another tenant than this one."""
    if has_current_tenant() and tenant_id != current_tenant_id():
        raise ForeignRow("a tenant's entry is written by itself or by nobody's transaction")


def _tenant_id_if_any() -> UUID | None:
    return current_tenant_id() if has_current_tenant() else None


def _require_own(row: Any) -> None:
    if row.tenant_id != current_tenant_id():
        raise ForeignRow("a row of another tenant is not written here")


def _refuse_moving(values: Iterable[str]) -> None:
    if not _TENANT_FIELDS.isdisjoint(values):
        raise ForeignRow("a row stays its tenant's")
