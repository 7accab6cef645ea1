"""Reading the catalogue, in a transaction of the tenant whose it is."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from licenses.license_key import KeyHasher
from licenses.models import License, OutboxMessage, Product, Tier
from licenses.rules import LicenseStatus
from tenants.current import current_tenant_id
from tenants.models import Tenant


def owner() -> Tenant:
    """Return the tenant that owns what is made now."""
    return Tenant.objects.get(id=current_tenant_id())


def products(*, search: str | None = None, is_archived: bool | None = None) -> QuerySet[Product]:
    """Return a tenant's products; ``search`` looks for a part of code or name, in any case."""
    rows = Product.objects.all()
    if is_archived is not None:
        rows = rows.filter(archived_at__isnull=not is_archived)
    if search is not None:
        rows = rows.filter(Q(code__icontains=search) | Q(name__icontains=search))
    return rows


def product_by_id(*, product_id: UUID) -> Product | None:
    """Return a tenant's product by its id, or None."""
    return Product.objects.filter(id=product_id).first()


def locked_product(*, product_id: UUID) -> Product | None:
    """Return a tenant's product that nobody else changes until the transaction ends, or None."""
    rows = Product.objects.select_for_update().filter(id=product_id)
    return rows.first()


def product_by_code(*, code: str) -> Product | None:
    """Return a tenant's product by its code, or None."""
    return Product.objects.filter(code=code).first()


def tiers(*, is_archived: bool | None = None) -> QuerySet[Tier]:
    """Return a tenant's tiers."""
    rows = Tier.objects.all()
    return rows if is_archived is None else rows.filter(archived_at__isnull=not is_archived)


def tier_by_id(*, tier_id: UUID) -> Tier | None:
    """Return a tenant's tier by its id, or None."""
    return Tier.objects.filter(id=tier_id).first()


def locked_tier(*, tier_id: UUID) -> Tier | None:
    """Return a tenant's tier that nobody else changes until the transaction ends, or None."""
    return Tier.objects.select_for_update().filter(id=tier_id).first()


def tier_on_sale(*, code: str) -> Tier | None:
    """Return the tier of a code that new licenses may be sold of, or None."""
    return Tier.objects.filter(code=code, archived_at=None).first()


def licenses(
    *,
    search: str | None = None,
    product: str | None = None,
    tier: str | None = None,
    status: LicenseStatus | None = None,
    expires_before: datetime | None = None,
    expires_from: datetime | None = None,
) -> QuerySet[License]:
    """Return a tenant's licenses with their products.

    ``search`` looks for a part of the name, or the last four characters of the key, in any case.
    ``product`` and ``tier`` are codes. The end is at ``expires_from`` or later, and before
    ``expires_before``.
    """
    wanted = {
        "product__code": product,
        "tier": tier,
        "status": status.value if status is not None else None,
        "expires_at__lt": expires_before,
        "expires_at__gte": expires_from,
    }
    rows = License.objects.select_related("product")
    rows = rows.filter(**{name: value for name, value in wanted.items() if value is not None})
    if search is not None:
        rows = rows.filter(Q(name__icontains=search) | Q(key_hint__iexact=search))
    return rows


def license_with_product(*, license_id: UUID) -> License | None:
    """Return a tenant's license by its id, read together with its product, or None."""
    return licenses().filter(id=license_id).first()


def locked_license(*, license_id: UUID) -> License | None:
    """Return a tenant's license that nobody else changes until the transaction ends, or None."""
    rows = License.objects.select_for_update(no_key=True).filter(id=license_id)
    return rows.first()


def license_by_id(license_id: UUID) -> License | None:
    """Return the current tenant's license by its id, or None."""
    return License.objects.filter(id=license_id).first()


def license_by_key(key: str, *, hasher: KeyHasher) -> License | None:
    """Return the current tenant's license with this key, or None: also for somebody else's."""
    rows = License.objects.select_related("product")
    return rows.filter(key_hmac__in=hasher.candidates(key)).first()


def oldest_undelivered() -> datetime | None:
    """Return when the tenant's oldest notice was written that was not delivered, or None."""
    waiting = OutboxMessage.objects.filter(delivered_at=None).order_by("created_at", "id")
    return waiting.values_list("created_at", flat=True).first()
