"""On whose behalf code runs: one tenant, for one transaction, and always left again."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final
from uuid import UUID

from django.db import transaction

from tenants.errors import NoCurrentTenant

_CURRENT: Final[ContextVar[UUID | None]] = ContextVar("tenants.current", default=None)


@contextmanager
def tenant_transaction(tenant_id: UUID) -> Iterator[None]:
    """Run a transaction on behalf of one tenant.

    The id comes from a verified credential, or is named by an operator; that is not checked. The
    tenant is left when the block ends, however it ends.
    """
    before = _CURRENT.set(tenant_id)
    try:
        with transaction.atomic():
            yield
    finally:
        _CURRENT.reset(before)


def current_tenant_id() -> UUID:
    """Return the tenant on whose behalf this code runs. Raises NoCurrentTenant."""
    tenant_id = _CURRENT.get()
    if tenant_id is None:
        raise NoCurrentTenant("no tenant is set: use tenant_transaction")
    return tenant_id
