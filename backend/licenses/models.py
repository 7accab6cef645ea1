"""Products and the licenses sold for them."""

from django.db import models

from foundation.clock import utc_now
from foundation.ids import new_id
from licenses.rules import (
    DEFAULT_HEARTBEAT_INTERVAL_SECONDS,
    DEFAULT_TTL_SECONDS,
    LicenseStatus,
)
from tenants.models import Tenant
from tenants.rows import TenantRow


class Product(TenantRow):
    """A program that is sold; its ``code`` is the audience of every lease token."""

    pk = models.CompositePrimaryKey("tenant_id", "id")
    tenant = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, related_name="products", db_index=False
    )
    id = models.UUIDField(default=new_id, editable=False)
    code = models.SlugField(max_length=63)
    name = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=utc_now, editable=False)

    class Meta:
        db_table = "product"
        constraints = (
            models.UniqueConstraint(fields=["tenant", "code"], name="product_code_per_tenant"),
        )
        indexes = (models.Index(fields=["id"], name="product_by_id"),)

    def __str__(self) -> str:
        return self.code


class License(TenantRow):
    """The right a customer bought: how many seats, of what tier, until when.

    The key itself is never stored: ``key_hmac`` is its HMAC-SHA-256 under the pepper of
    ``pepper_version`` (64 hexadecimal digits) and ``key_hint`` its last four characters.
    ``ttl_seconds`` and ``heartbeat_interval_seconds`` are the lease policy; ``overdraft_seats``
    may be granted above ``seats``. ``seats_per_person`` is the personal cap: null leaves it to the
    installation's setting, 0 is any number.
    """

    pk = models.CompositePrimaryKey("tenant_id", "id")
    tenant = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, related_name="licenses", db_index=False
    )
    id = models.UUIDField(default=new_id, editable=False)
    product_id = models.UUIDField()
    product = models.ForeignObject(
        Product,
        on_delete=models.PROTECT,
        from_fields=("tenant", "product_id"),
        to_fields=("tenant", "id"),
        related_name="licenses",
    )
    tier = models.CharField(max_length=40)
    entitlements = models.JSONField(default=list)
    seats = models.PositiveIntegerField()
    overdraft_seats = models.PositiveIntegerField(default=0)
    status = models.CharField(
        max_length=10,
        choices=[(status.value, status.value) for status in LicenseStatus],
        default=LicenseStatus.ACTIVE.value,
    )
    expires_at = models.DateTimeField()
    ttl_seconds = models.PositiveIntegerField(default=DEFAULT_TTL_SECONDS)
    heartbeat_interval_seconds = models.PositiveIntegerField(
        default=DEFAULT_HEARTBEAT_INTERVAL_SECONDS
    )
    seats_per_person = models.PositiveIntegerField(null=True)
    key_auth = models.BooleanField(default=False)
    key_hmac = models.CharField(max_length=64)
    pepper_version = models.PositiveSmallIntegerField()
    key_hint = models.CharField(max_length=4)
    created_at = models.DateTimeField(default=utc_now, editable=False)
    updated_at = models.DateTimeField(default=utc_now)

    class Meta:
        db_table = "license"
        constraints = (
            models.UniqueConstraint(fields=["tenant", "key_hmac"], name="license_key_per_tenant"),
            models.CheckConstraint(
                condition=models.Q(ttl_seconds__gte=60, ttl_seconds__lte=86400),
                name="license_ttl_from_60_s_to_24_h",
            ),
            models.CheckConstraint(
                condition=models.Q(heartbeat_interval_seconds__gte=1)
                & models.Q(heartbeat_interval_seconds__lte=models.F("ttl_seconds") / 3),
                name="license_heartbeat_at_most_a_third",
            ),
        )
        indexes = (
            models.Index(fields=["key_hmac"], name="license_key_hmac"),
            models.Index(fields=["id"], name="license_by_id"),
        )

    def __str__(self) -> str:
        return f"{self.tier} x {self.seats} ({self.key_hint})"
