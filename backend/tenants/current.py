"""On whose behalf code runs: one tenant, for one transaction, and always left again."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from tenants.errors import InsideTransaction, NoCurrentTenant, TenantAlreadySet
from tenants.walls import CONTROL_PLANE, TENANT_SETTING

# Both end with the transaction, however it ends: the connection may be the next caller's then.
_ENTER: Final = (
    f"SELECT set_config('role', '{CONTROL_PLANE}', true), set_config('{TENANT_SETTING}', %s, true)"
)


class _Stay:
    """One tenant's transaction on one connection.

    Tasks and threads begun within it take a copy of the context along, which nobody can take back:
    so the stay itself says when it is over, and whose connection it is on.
    """

    __slots__ = ("_connection", "is_over", "tenant_id")

    def __init__(self, tenant_id: UUID) -> None:
        self.tenant_id = tenant_id
        self.is_over = False
        self._connection = _connection()

    @property
    def is_here(self) -> bool:
        """Whether statements of this thread are part of its transaction.

        They no longer are where something is done on commit.
        """
        mine = _connection()
        return not self.is_over and self._connection is mine and mine.in_atomic_block


_CURRENT: Final[ContextVar[_Stay | None]] = ContextVar("tenants.current", default=None)


@contextmanager
def tenant_transaction(tenant_id: UUID) -> Iterator[None]:
    """Run a transaction on behalf of one tenant.

    In PostgreSQL it acts as the role ``control_plane`` and sees this tenant's rows only. Within it
    the same tenant may be named again, which makes a savepoint. Raises TenantAlreadySet for another
    tenant and InsideTransaction within a transaction of no tenant. The id comes from a verified
    credential, or is named by an operator; that is not checked, nor that the tenant exists. The
    tenant is left when the block ends, however it ends; a thread or a task begun in the block has
    no tenant.
    """
    stay = _here()
    if stay is None:
        with _entered(tenant_id):
            yield
    elif stay.tenant_id == tenant_id:
        with transaction.atomic():
            yield
    else:
        raise TenantAlreadySet("this transaction works for another tenant")


def current_tenant_id() -> UUID:
    """Return the tenant on whose behalf this code runs. Raises NoCurrentTenant."""
    stay = _here()
    if stay is None:
        raise NoCurrentTenant("no tenant is set: use tenant_transaction")
    return stay.tenant_id


def has_current_tenant() -> bool:
    """Return whether this code runs on behalf of a tenant."""
    return _here() is not None


@contextmanager
def _entered(tenant_id: UUID) -> Iterator[None]:
    if connection.in_atomic_block:
        raise InsideTransaction("a tenant's transaction begins outside any other")
    stay = _Stay(tenant_id)
    try:
        with transaction.atomic():
            _act_for(tenant_id)
            _CURRENT.set(stay)
            yield
    finally:
        stay.is_over = True
        if _CURRENT.get() is stay:  # no longer so where a generator is closed by somebody else
            _CURRENT.set(None)


def _act_for(tenant_id: UUID) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(_ENTER, [str(tenant_id)])


def _here() -> _Stay | None:
    stay = _CURRENT.get()
    return stay if stay is not None and stay.is_here else None


def _connection() -> BaseDatabaseWrapper:
    """Return this thread's connection itself; ``django.db.connection`` only stands for it."""
    return connections[DEFAULT_DB_ALIAS]
