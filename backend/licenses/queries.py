"""Reading the catalogue, one tenant at a time."""

from uuid import UUID

from django.db.models import Q, QuerySet

from licenses.license_key import KeyHasher
from licenses.models import License, Product
from tenants.models import Tenant


def owner(*, tenant_id: UUID) -> Tenant:
    """Return the tenant that owns what is made now."""
    return Tenant.objects.get(id=tenant_id)


def products(
    *, tenant_id: UUID, search: str | None = None, is_archived: bool | None = None
) -> QuerySet[Product]:
    """Return a tenant's products; ``search`` looks for a part of code or name, in any case."""
    rows = Product.objects.filter(tenant_id=tenant_id)
    if is_archived is not None:
        rows = rows.filter(archived_at__isnull=not is_archived)
    if search is not None:
        rows = rows.filter(Q(code__icontains=search) | Q(name__icontains=search))
    return rows


def product_by_id(*, tenant_id: UUID, product_id: UUID) -> Product | None:
    """Return a tenant's product by its id, or None."""
    return Product.objects.filter(tenant_id=tenant_id, id=product_id).first()


def locked_product(*, tenant_id: UUID, product_id: UUID) -> Product | None:
    """Return a tenant's product that nobody else changes until the transaction ends, or None."""
    rows = Product.objects.select_for_update().filter(tenant_id=tenant_id, id=product_id)
    return rows.first()


def license_by_id(*, tenant_id: UUID, license_id: UUID) -> License | None:
    """Return a tenant's license by its id, or None."""
    return License.objects.filter(tenant_id=tenant_id, id=license_id).first()


def license_by_key(key: str, *, hasher: KeyHasher) -> License | None:
    """Return the license with this key, of whichever tenant, or None. For operators only."""
    return License.objects.filter(key_hmac__in=hasher.candidates(key)).first()
