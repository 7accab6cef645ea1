"""What a vendor does with licenses. Each deed is one transaction, with its audit record,
on behalf of the tenant it is done to: the caller sees to it that he may act for that tenant.
"""

import secrets
from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, transaction

from audit.operations import record
from foundation.clock import utc_now
from foundation.ids import new_id
from licenses import expiry_notices, license_key
from licenses.errors import EndNotLater, ProductArchived, ProductCodeTaken, RevokedForGood
from licenses.license_key import KeyHasher
from licenses.models import License, Product
from licenses.rules import (
    DEFAULT_HEARTBEAT_INTERVAL_SECONDS,
    DEFAULT_TTL_SECONDS,
    LicenseStatus,
    Policy,
    check_personal_cap,
    check_policy,
    check_terms,
)
from soft_state.notices import BOARD, Topic
from tenants.current import tenant_transaction
from tenants.errors import TenantSlugTaken
from tenants.models import Tenant

CHANGEABLE: Final = (
    "name",
    "tier",
    "seats",
    "entitlements",
    "expires_at",
    "seats_per_person",
    *(field.name for field in fields(Policy)),
)
"""What :func:`change_license` may change of a license."""


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
    offline_seconds: int = 0,
    overdraft_seats: int = 0,
    seats_per_person: int | None = None,
    name: str = "",
) -> tuple[License, str]:
    """Create a license and return it with its key, which is shown this once and never stored.

    Raises PolicyMistake for terms out of bounds, ProductArchived. Does not check that the tier is
    one of the tenant's, nor that the end is to come.
    """
    if product.archived_at is not None:
        raise ProductArchived("the product is sold no more")
    policy = Policy(
        ttl_seconds=ttl_seconds,
        heartbeat_interval_seconds=heartbeat_interval_seconds,
        offline_seconds=offline_seconds,
        key_auth=key_auth,
        overdraft_seats=overdraft_seats,
    )
    check_terms(seats=seats, entitlements=entitlements or [], policy=policy)
    check_personal_cap(seats_per_person)
    key = license_key.format_key(secrets.token_bytes(license_key.RANDOM_BYTES))
    with tenant_transaction(product.tenant_id):
        license_ = License.objects.create(
            tenant_id=product.tenant_id,
            product_id=product.id,
            name=name,
            tier=tier,
            seats=seats,
            expires_at=expires_at,
            entitlements=entitlements or [],
            seats_per_person=seats_per_person,
            **asdict(policy),
            **_stored(key, hasher),
        )
        _record("license.issued", license_, principal, seats=seats, tier=tier)
        return license_, key


def rotate_key(*, license: License, hasher: KeyHasher, principal: str) -> str:
    """Give a license a new key and return it; the old one is unknown from the commit on.

    Raises RevokedForGood.
    """
    key = license_key.format_key(secrets.token_bytes(license_key.RANDOM_BYTES))
    with tenant_transaction(license.tenant_id):
        _require_not_revoked(license)
        _change(license, **_stored(key, hasher))
        _record("license.key_rotated", license, principal)
        return key


def suspend(*, license: License, principal: str) -> None:
    """Suspend a license: running leases end at their end, nothing is granted or renewed.

    Raises RevokedForGood.
    """
    with tenant_transaction(license.tenant_id):
        _require_not_revoked(license)
        _decide(license, LicenseStatus.SUSPENDED, "license.suspended", principal)


def reinstate(*, license: License, principal: str) -> None:
    """End a suspension. Raises RevokedForGood."""
    with tenant_transaction(license.tenant_id):
        _require_not_revoked(license)
        _decide(license, LicenseStatus.ACTIVE, "license.reinstated", principal)


def revoke(*, license: License, principal: str) -> None:
    """Revoke a license for good: running leases end at their end, nothing is granted or renewed.

    Whoever was wrong to do it issues a new one: programs and people have been told that it is
    over, and a stolen key must not come back to life.
    """
    with tenant_transaction(license.tenant_id):
        _decide(license, LicenseStatus.REVOKED, "license.revoked", principal)
        expiry_notices.withdraw_all(license=license)


def resize(*, license: License, seats: int, principal: str) -> None:
    """Change how many seats a license has. Fewer evict nobody and only block new ones (S12).

    Raises PolicyMistake for a number out of bounds, RevokedForGood.
    """
    check_policy(
        seats=seats,
        ttl_seconds=license.ttl_seconds,
        heartbeat_interval_seconds=license.heartbeat_interval_seconds,
    )
    before = license.seats
    with tenant_transaction(license.tenant_id):
        _require_not_revoked(license)
        _change(license, seats=seats)
        _record("license.resized", license, principal, before=before, seats=seats)


def set_personal_cap(*, license: License, seats: int | None, principal: str) -> None:
    """Change how many seats one person may hold at once; evicts nobody.

    0 is any number, None leaves it to the installation's setting. Raises PolicyMistake for a number
    out of bounds, RevokedForGood.
    """
    check_personal_cap(seats)
    before = license.seats_per_person
    with tenant_transaction(license.tenant_id):
        _require_not_revoked(license)
        _change(license, seats_per_person=seats)
        _record("license.personal_cap_set", license, principal, before=before, seats=seats)


def move_expiry(*, license: License, expires_at: datetime, principal: str) -> None:
    """Move the end of a license; notices of the former end that nobody delivered are withdrawn.

    Raises RevokedForGood.
    """
    with tenant_transaction(license.tenant_id):
        _require_not_revoked(license)
        _change(license, expires_at=expires_at)
        expiry_notices.withdraw(license=license)
        _record("license.expiry_moved", license, principal, expires_at=expires_at.isoformat())


def renew(*, license: License, expires_at: datetime, principal: str, now: datetime) -> None:
    """Move the end of a license on. Raises RevokedForGood, and EndNotLater for any other move."""
    if expires_at <= max(license.expires_at, now):
        raise EndNotLater("a renewal moves the end on")
    move_expiry(license=license, expires_at=expires_at, principal=principal)


def change_license(*, license: License, changes: Mapping[str, Any], principal: str) -> None:
    """Change what a license says: name, tier, seats, entitlements, end, policy, personal cap.

    What is the same as before is no change. Fewer seats evict nobody (S12). Raises RevokedForGood,
    and PolicyMistake, after which nothing was changed. Does not check that the tier exists.
    """
    after = {field: changes.get(field, getattr(license, field)) for field in CHANGEABLE}
    check_terms(
        seats=after["seats"],
        entitlements=after["entitlements"],
        policy=Policy(**{field.name: after[field.name] for field in fields(Policy)}),
    )
    check_personal_cap(after["seats_per_person"])
    differing = {name: after[name] for name in CHANGEABLE if after[name] != getattr(license, name)}
    with tenant_transaction(license.tenant_id):
        _require_not_revoked(license)
        if "expires_at" in differing:
            end = differing.pop("expires_at")
            move_expiry(license=license, expires_at=end, principal=principal)
        if differing:
            before = {name: getattr(license, name) for name in differing}
            _change(license, **differing)
            _record("license.changed", license, principal, before=before, after=differing)


def create_tenant(*, slug: str, name: str, principal: str, tenant_id: UUID | None = None) -> Tenant:
    """Create a customer organisation, under an id of its own unless one is given.

    Raises TenantSlugTaken.
    """
    tenant_id = tenant_id or new_id()
    with tenant_transaction(tenant_id):
        try:
            with transaction.atomic():  # a savepoint: the transaction lives on
                tenant = Tenant.objects.create(id=tenant_id, slug=slug, name=name)
        except IntegrityError as clash:
            raise TenantSlugTaken("another tenant has that slug") from clash
        record("tenant.created", tenant_id=tenant_id, principal=principal)
    return tenant


def create_product(*, tenant: Tenant, code: str, name: str, principal: str) -> Product:
    """Create a product; its code becomes the audience of its lease tokens.

    Raises ProductCodeTaken.
    """
    with tenant_transaction(tenant.id):
        try:
            with transaction.atomic():  # a savepoint: the transaction lives on
                product = Product.objects.create(tenant=tenant, code=code, name=name)
        except IntegrityError as clash:
            raise ProductCodeTaken("the tenant has a product of that code") from clash
        record("product.created", tenant_id=tenant.id, principal=principal, code=code)
        return product


def rename_product(*, product: Product, name: str, principal: str) -> None:
    """Give a product another name. Its code stays: tokens out there name it."""
    before = product.name
    with tenant_transaction(product.tenant_id):
        _change_product(product, name=name)
        _record_product("product.renamed", product, principal, before=before, name=name)


def archive_product(*, product: Product, principal: str) -> None:
    """Sell a product no more. What is archived already stays as it is."""
    if product.archived_at is None:
        with tenant_transaction(product.tenant_id):
            _change_product(product, archived_at=utc_now())
            _record_product("product.archived", product, principal)


def unarchive_product(*, product: Product, principal: str) -> None:
    """Sell an archived product again."""
    if product.archived_at is not None:
        with tenant_transaction(product.tenant_id):
            _change_product(product, archived_at=None)
            _record_product("product.unarchived", product, principal)


def _change_product(product: Product, **values: Any) -> None:
    for name, value in {**values, "updated_at": utc_now()}.items():
        setattr(product, name, value)
    product.save(update_fields=[*values, "updated_at"])


def _record_product(action: str, product: Product, principal: str, **details: Any) -> None:
    tenant_id: UUID = product.tenant_id
    record(action, tenant_id=tenant_id, principal=principal, product=product.code, **details)


def _decide(license: License, status: LicenseStatus, action: str, principal: str) -> None:
    """Give a license a status, with its record; one that has it already stays as it is."""
    if license.status != status.value:
        _change(license, status=status.value)
        _record(action, license, principal)


def _require_not_revoked(license: License) -> None:
    """Raise RevokedForGood for what the row says now; nobody else decides until the end."""
    row = License.objects.select_for_update(no_key=True).filter(id=license.id)
    if row.values_list("status", flat=True).get() == LicenseStatus.REVOKED.value:
        raise RevokedForGood("a revoked license stays as it is")


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
