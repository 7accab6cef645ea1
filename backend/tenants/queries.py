"""Who the tenants are: on behalf of nobody all of them, in a tenant's transaction that one."""

from uuid import UUID

from django.db.models import QuerySet

from tenants.models import Tenant


def tenants() -> QuerySet[Tenant]:
    """Return every tenant that this code may see."""
    return Tenant.objects.all()


def tenant(tenant_id: UUID) -> Tenant | None:
    """Return a tenant, or None."""
    return tenants().filter(id=tenant_id).first()


def locked_tenant(tenant_id: UUID) -> Tenant | None:
    """Return a tenant, which nobody else changes until the transaction ends, or None."""
    return tenants().select_for_update().filter(id=tenant_id).first()
