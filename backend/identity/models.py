"""Whom we believe, and who belongs to a tenant, as rows (docs/adr/0005, docs/adr/0019)."""

from typing import Final

from django.db import models

from foundation.clock import utc_now
from foundation.ids import new_id
from identity.rules import (
    MOST_SUBJECT_CHARACTERS,
    Membership,
    MemberStatus,
    PrincipalKind,
    Role,
)
from tenants.models import Tenant
from tenants.rows import TenantRow

_ROLES: Final = [(role.value, role.value) for role in Role]
_KINDS = (PrincipalKind.USER, PrincipalKind.WORKLOAD)


class TrustedIssuer(models.Model):
    """One issuer of identity tokens, for one audience. Global: an issuer serves many tenants.

    ``issuer`` (or one of ``other_names``) and ``audience`` are compared character by character with
    ``iss`` and ``aud``. ``algorithms`` are JOSE names. The public keys are inline (``jwks``), or
    fetched from ``jwks_uri``, or from where the issuer's discovery document says (``discovery``):
    one of the three. ``preset`` names exact rules in code (identity/presets.py).

    Whose a token is: ``admissions`` say it where there are any, else the claim ``tenant_claim``:
    our tenant's id, or with ``maps_tenant_names`` what the issuer calls it (``TenantAlias``). Only
    an issuer that serves every tenant of its tokens honestly may be given a tenant claim.
    ``membership`` says whether people need a member's row; else the role is the claim
    ``role_claim``, or ``default_role``, which when empty gives nobody a role. ``staff_claim`` names
    a boolean claim that makes staff; empty, as it is by default, for all but the vendor's own
    issuer. ``required_claims``, ``admissions``: identity/conditions.py.
    """

    issuer = models.CharField(max_length=255)
    other_names = models.JSONField(default=list)
    audience = models.CharField(max_length=255)
    kind = models.CharField(max_length=10, choices=[(kind.value, kind.value) for kind in _KINDS])
    preset = models.CharField(max_length=30, default="oidc")
    algorithms = models.JSONField(default=list)
    jwks = models.JSONField(default=dict)
    jwks_uri = models.CharField(max_length=500, default="", blank=True)
    discovery = models.BooleanField(default=False)
    tenant_claim = models.CharField(max_length=100, default="tenant_id")
    maps_tenant_names = models.BooleanField(default=False)
    role_claim = models.CharField(max_length=100, default="role", blank=True)
    default_role = models.CharField(
        max_length=10,
        choices=_ROLES,
        default="",
        blank=True,
    )
    membership = models.CharField(
        max_length=10,
        choices=[(membership.value, membership.value) for membership in Membership],
        default=Membership.NONE.value,
    )
    staff_claim = models.CharField(max_length=100, default="", blank=True)
    required_claims = models.JSONField(default=dict)
    admissions = models.JSONField(default=list)
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=utc_now, editable=False)

    class Meta:
        db_table = "trusted_issuer"
        constraints = (
            models.UniqueConstraint(
                fields=["issuer", "audience"], name="trusted_issuer_per_audience"
            ),
        )

    def __str__(self) -> str:
        return f"{self.issuer} for {self.audience}"


class TenantAlias(models.Model):
    """What an issuer calls one of our tenants: Identity Platform's tenant id, for example.

    Looked up before any tenant is known, so it stands outside the walls; it holds nothing but ids.
    """

    trusted_issuer = models.ForeignKey(
        TrustedIssuer, on_delete=models.CASCADE, related_name="tenant_aliases"
    )
    name = models.CharField(max_length=128)
    tenant = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, related_name="+", db_column="meant_id"
    )
    created_at = models.DateTimeField(default=utc_now, editable=False)

    class Meta:
        db_table = "tenant_alias"
        constraints = (
            models.UniqueConstraint(
                fields=["trusted_issuer", "name"], name="tenant_alias_per_issuer"
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} at {self.trusted_issuer_id}"


class Member(TenantRow):
    """A person in one tenant, known by what an issuer calls them.

    An invited person is known by ``email`` alone; ``issuer`` and ``subject`` (``iss`` and ``sub``)
    are empty until somebody signs in whose issuer has verified that address. ``email`` is in lower
    case, and empty for whoever came without one. A removed member's row stays: it shuts the door.
    ``last_seen_at`` moves at most once an hour.
    """

    pk = models.CompositePrimaryKey("tenant_id", "id")
    tenant = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, related_name="members", db_index=False
    )
    id = models.UUIDField(default=new_id, editable=False)
    issuer = models.CharField(max_length=255, default="", blank=True)
    subject = models.CharField(max_length=MOST_SUBJECT_CHARACTERS, default="", blank=True)
    email = models.CharField(max_length=254, default="", blank=True)
    role = models.CharField(max_length=10, choices=_ROLES)
    status = models.CharField(
        max_length=10, choices=[(status.value, status.value) for status in MemberStatus]
    )
    invited_by = models.CharField(max_length=200, default="", blank=True)
    last_seen_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=utc_now, editable=False)
    updated_at = models.DateTimeField(default=utc_now)

    class Meta:
        db_table = "member"
        constraints = (
            models.UniqueConstraint(
                fields=["tenant", "issuer", "subject"],
                condition=~models.Q(subject=""),
                name="member_subject_per_tenant",
            ),
            models.UniqueConstraint(
                fields=["tenant", "email"],
                condition=~models.Q(email=""),
                name="member_email_per_tenant",
            ),
            models.CheckConstraint(
                condition=~models.Q(subject="", email=""), name="member_is_known_by_something"
            ),
        )

    def __str__(self) -> str:
        return f"member {self.id}"


class ServiceAccount(TenantRow):
    """A program of one tenant that calls with tokens of ours (docs/how-to/identity.md)."""

    pk = models.CompositePrimaryKey("tenant_id", "id")
    tenant = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, related_name="service_accounts", db_index=False
    )
    id = models.UUIDField(default=new_id, editable=False)
    name = models.CharField(max_length=100)
    role = models.CharField(max_length=10, choices=_ROLES)
    enabled = models.BooleanField(default=True)
    last_seen_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=utc_now, editable=False)
    updated_at = models.DateTimeField(default=utc_now)

    class Meta:
        db_table = "service_account"
        constraints = (
            models.UniqueConstraint(
                fields=["tenant", "name"], name="service_account_name_per_tenant"
            ),
        )

    def __str__(self) -> str:
        return self.name


class ApiToken(TenantRow):
    """One token of a service account. The token itself is never stored.

    ``token_hmac`` is its HMAC-SHA-256 under the pepper of ``pepper_version`` and ``hint`` its last
    four characters. It counts until ``expires_at``, unless it was revoked.
    """

    pk = models.CompositePrimaryKey("tenant_id", "id")
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", db_index=False)
    id = models.UUIDField(default=new_id, editable=False)
    service_account_id = models.UUIDField()
    service_account = models.ForeignObject(
        ServiceAccount,
        on_delete=models.CASCADE,
        from_fields=("tenant", "service_account_id"),
        to_fields=("tenant", "id"),
        related_name="tokens",
    )
    token_hmac = models.CharField(max_length=64)
    pepper_version = models.PositiveSmallIntegerField()
    hint = models.CharField(max_length=4)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=utc_now, editable=False)

    class Meta:
        db_table = "api_token"
        constraints = (
            models.UniqueConstraint(fields=["tenant", "token_hmac"], name="api_token_per_tenant"),
        )
        indexes = (
            models.Index(fields=["tenant", "service_account_id"], name="api_token_of_account"),
        )

    def __str__(self) -> str:
        return f"…{self.hint}"
