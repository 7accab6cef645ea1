"""Products and the licenses sold for them."""

from dataclasses import fields

from django.db import models
from django.db.models.functions import Now

from foundation.clock import utc_now
from foundation.ids import new_id
from licenses.rules import (
    DEFAULT_HEARTBEAT_INTERVAL_SECONDS,
    DEFAULT_TTL_SECONDS,
    LicenseStatus,
    Policy,
)
from tenants.models import Tenant
from tenants.rows import TenantRow


class Product(TenantRow):
    """A program that is sold; its ``code`` is the audience of every lease token, for ever.

    An archived product is sold no more; the licenses sold for it go on.
    """

    pk = models.CompositePrimaryKey("tenant_id", "id")
    tenant = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, related_name="products", db_index=False
    )
    id = models.UUIDField(default=new_id, editable=False)
    code = models.SlugField(max_length=63)
    name = models.CharField(max_length=200)
    archived_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=utc_now, editable=False)
    updated_at = models.DateTimeField(default=utc_now, db_default=Now())

    class Meta:
        db_table = "product"
        constraints = (
            models.UniqueConstraint(fields=["tenant", "code"], name="product_code_per_tenant"),
        )
        indexes = (
            models.Index(fields=["id"], name="product_by_id"),
            models.Index(fields=["tenant", "created_at", "id"], name="product_by_age"),
        )

    def __str__(self) -> str:
        return self.code


class Terms(TenantRow):
    """How many seats, what is included, and how programs hold them; of a tier and of a license."""

    seats = models.PositiveIntegerField()
    entitlements = models.JSONField(default=list)
    overdraft_seats = models.PositiveIntegerField(default=0)
    ttl_seconds = models.PositiveIntegerField(default=DEFAULT_TTL_SECONDS)
    heartbeat_interval_seconds = models.PositiveIntegerField(
        default=DEFAULT_HEARTBEAT_INTERVAL_SECONDS
    )
    offline_seconds = models.PositiveIntegerField(default=0, db_default=0)
    key_auth = models.BooleanField(default=False)

    class Meta(TenantRow.Meta):
        abstract = True

    @property
    def policy(self) -> Policy:
        """How programs hold the seats."""
        return Policy(**{field.name: getattr(self, field.name) for field in fields(Policy)})


class Tier(Terms):
    """A kind of license that a tenant sells; what it says is the default of new licenses.

    An archived tier is sold no more. Licenses keep what they were sold with.
    """

    pk = models.CompositePrimaryKey("tenant_id", "id")
    tenant = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, related_name="tiers", db_index=False
    )
    id = models.UUIDField(default=new_id, editable=False)
    code = models.SlugField(max_length=40)
    name = models.CharField(max_length=200)
    archived_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=utc_now, editable=False)
    updated_at = models.DateTimeField(default=utc_now)

    class Meta:
        db_table = "tier"
        constraints = (
            models.UniqueConstraint(fields=["tenant", "code"], name="tier_code_per_tenant"),
        )

    def __str__(self) -> str:
        return self.code


class License(Terms):
    """The right a customer bought: how many seats, of what tier, until when.

    The key itself is never stored: ``key_hmac`` is its HMAC-SHA-256 under the pepper of
    ``pepper_version`` (64 hexadecimal digits) and ``key_hint`` its last four characters.
    ``name`` is the vendor's own word for it. ``tier`` is the code of the tier it was sold as.
    ``seats_per_person`` is the personal cap: null leaves it to the installation's setting, 0 is any
    number.
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
    name = models.CharField(max_length=200, default="", db_default="")
    tier = models.CharField(max_length=40)
    status = models.CharField(
        max_length=10,
        choices=[(status.value, status.value) for status in LicenseStatus],
        default=LicenseStatus.ACTIVE.value,
    )
    expires_at = models.DateTimeField()
    seats_per_person = models.PositiveIntegerField(null=True)
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
            models.Index(fields=["tenant", "created_at", "id"], name="license_by_age"),
            models.Index(fields=["tenant", "expires_at"], name="license_by_end"),
        )

    def __str__(self) -> str:
        return f"{self.tier} x {self.seats} ({self.key_hint})"


class OutboxMessage(TenantRow):
    """Something to be told to somebody outside, written with what it tells of, delivered later.

    ``key`` is unique in the tenant, so the same thing is never told twice. ``subject_id`` is what
    it is about. ``delivered_at`` is set by whoever delivers.
    """

    pk = models.CompositePrimaryKey("tenant_id", "id")
    tenant_id = models.UUIDField()
    id = models.UUIDField(default=new_id, editable=False)
    topic = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    key = models.CharField(max_length=200)
    payload = models.JSONField()
    created_at = models.DateTimeField(default=utc_now, editable=False)
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "outbox_message"
        constraints = (
            models.UniqueConstraint(fields=["tenant_id", "key"], name="outbox_message_once"),
        )
        indexes = (
            models.Index(
                fields=["tenant_id", "created_at", "id"],
                name="outbox_message_waiting",
                condition=models.Q(delivered_at=None),
            ),
            models.Index(fields=["tenant_id", "subject_id"], name="outbox_message_about"),
        )

    def __str__(self) -> str:
        return self.key
