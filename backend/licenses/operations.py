"""What a vendor does with licenses. Each deed is one transaction, with its audit record,
on behalf of the tenant it is done to: the caller sees to it that he may act for that tenant.
"""

import secrets
from datetime import datetime
from typing import Any
from uuid import UUID

from audit.operations import record
from foundation.clock import utc_now
from foundation.ids import new_id
from licenses import license_key
from licenses.license_key import KeyHasher
from licenses.models import License, Product
from licenses.rules import (
    DEFAULT_HEARTBEAT_INTERVAL_SECONDS,
    DEFAULT_TTL_SECONDS,
    LicenseStatus,
    check_personal_cap,
    check_policy,
)
from soft_state.notices import BOARD, Topic
from tenants.current import tenant_transaction
from tenants.models import Tenant


def issue_license(
    *,
    product: Product,
    tier: str,
    seats: int,
    expires_at: datetime,
    hasher: KeyHasher,
    principal: str,
    entitlements: list[str] | None = None,
    key_auth: bool = False,
    ttl_seconds: int = DEFAULT_TTL_SECONDS,
    heartbeat_interval_seconds: int = DEFAULT_HEARTBEAT_INTERVAL_SECONDS,
) -> tuple[License, str]:
    """Create a license and return it with its key, which is shown this once and never stored.

    Raises PolicyMistake for seats, TTL or heartbeat interval out of bounds.
    """
    check_policy(
        seats=seats,
        ttl_seconds=ttl_seconds,
        heartbeat_interval_seconds=heartbeat_interval_seconds,
    )
    key = license_key.format_key(secrets.token_bytes(license_key.RANDOM_BYTES))
    with tenant_transaction(product.tenant_id):
        license_ = License.objects.create(
            tenant_id=product.tenant_id,
            product_id=product.id,
            tier=tier,
            seats=seats,
            expires_at=expires_at,
            entitlements=entitlements or [],
            key_auth=key_auth,
            ttl_seconds=ttl_seconds,
            heartbeat_interval_seconds=heartbeat_interval_seconds,
            **_stored(key, hasher),
        )
        _record("license.issued", license_, principal, seats=seats, tier=tier)
        return license_, key


def rotate_key(*, license: License, hasher: KeyHasher, principal: str) -> str:
    """Give a license a new key and return it; the old one is unknown from the commit on."""
    key = license_key.format_key(secrets.token_bytes(license_key.RANDOM_BYTES))
    with tenant_transaction(license.tenant_id):
        _change(license, **_stored(key, hasher))
        _record("license.key_rotated", license, principal)
        return key


def suspend(*, license: License, principal: str) -> None:
    """Suspend a license: running leases end at their end, nothing is granted or renewed."""
    with tenant_transaction(license.tenant_id):
        _change(license, status=LicenseStatus.SUSPENDED.value)
        _record("license.suspended", license, principal)


def reinstate(*, license: License, principal: str) -> None:
    """End a suspension or revocation."""
    with tenant_transaction(license.tenant_id):
        _change(license, status=LicenseStatus.ACTIVE.value)
        _record("license.reinstated", license, principal)


def revoke(*, license: License, principal: str) -> None:
    """Revoke a license: running leases end at their end, nothing is granted or renewed."""
    with tenant_transaction(license.tenant_id):
        _change(license, status=LicenseStatus.REVOKED.value)
        _record("license.revoked", license, principal)


def resize(*, license: License, seats: int, principal: str) -> None:
    """Change how many seats a license has. Fewer evict nobody and only block new ones (S12).

    Raises PolicyMistake for a number out of bounds.
    """
    check_policy(
        seats=seats,
        ttl_seconds=license.ttl_seconds,
        heartbeat_interval_seconds=license.heartbeat_interval_seconds,
    )
    before = license.seats
    with tenant_transaction(license.tenant_id):
        _change(license, seats=seats)
        _record("license.resized", license, principal, before=before, seats=seats)


def set_personal_cap(*, license: License, seats: int | None, principal: str) -> None:
    """Change how many seats one person may hold at once; evicts nobody.

    0 is any number, None leaves it to the installation's setting. Raises PolicyMistake for a number
    out of bounds.
    """
    check_personal_cap(seats)
    before = license.seats_per_person
    with tenant_transaction(license.tenant_id):
        _change(license, seats_per_person=seats)
        _record("license.personal_cap_set", license, principal, before=before, seats=seats)


def move_expiry(*, license: License, expires_at: datetime, principal: str) -> None:
    """Move the end of a license."""
    with tenant_transaction(license.tenant_id):
        _change(license, expires_at=expires_at)
        _record("license.expiry_moved", license, principal, expires_at=expires_at.isoformat())


def create_tenant(*, slug: str, name: str, principal: str) -> Tenant:
    """Create a customer organisation."""
    tenant_id = new_id()
    with tenant_transaction(tenant_id):
        tenant = Tenant.objects.create(id=tenant_id, slug=slug, name=name)
        record("tenant.created", tenant_id=tenant_id, principal=principal)
    return tenant


def create_product(*, tenant: Tenant, code: str, name: str, principal: str) -> Product:
    """Create a product; its code becomes the audience of its lease tokens."""
    with tenant_transaction(tenant.id):
        product = Product.objects.create(tenant=tenant, code=code, name=name)
        record("product.created", tenant_id=tenant.id, principal=principal, code=code)
        return product


def _stored(key: str, hasher: KeyHasher) -> dict[str, Any]:
    return {
        "key_hmac": hasher.current(key),
        "pepper_version": hasher.current_version,
        "key_hint": license_key.hint(key),
    }


def _change(license: License, **values: Any) -> None:
    for name, value in {**values, "updated_at": utc_now()}.items():
        setattr(license, name, value)
    license.save(update_fields=[*values, "updated_at"])
    BOARD.announce(Topic.LICENSES, about=license.id)


def _record(action: str, license: License, principal: str, **details: Any) -> None:
    tenant_id: UUID = license.tenant_id
    record(action, tenant_id=tenant_id, principal=principal, license_id=license.id, **details)
