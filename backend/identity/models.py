"""Whom we believe, as rows: a new issuer is a row and no new code (docs/adr/0005)."""

from django.db import models

from foundation.clock import utc_now
from identity.rules import PrincipalKind, Role

_KINDS = (PrincipalKind.USER, PrincipalKind.WORKLOAD)


class TrustedIssuer(models.Model):
    """One issuer of identity tokens, for one audience. Global: an issuer serves many tenants.

    ``issuer`` and ``audience`` are compared character by character with ``iss`` and ``aud``.
    ``algorithms`` are JOSE names. ``jwks`` holds the public keys inline; ``jwks_uri`` is where to
    fetch them instead, kept for later and read by nothing yet. ``tenant_claim`` and ``role_claim``
    name the claims that carry them; an empty ``default_role`` gives nobody a role.
    """

    issuer = models.CharField(max_length=255)
    audience = models.CharField(max_length=255)
    kind = models.CharField(max_length=10, choices=[(kind.value, kind.value) for kind in _KINDS])
    algorithms = models.JSONField(default=list)
    jwks = models.JSONField(default=dict)
    jwks_uri = models.CharField(max_length=500, default="", blank=True)
    tenant_claim = models.CharField(max_length=100, default="tenant_id")
    role_claim = models.CharField(max_length=100, default="role")
    default_role = models.CharField(
        max_length=10,
        choices=[(role.value, role.value) for role in Role],
        default="",
        blank=True,
    )
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
