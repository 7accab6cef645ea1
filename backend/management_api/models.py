"""Answers kept so that a repeated call gets them again."""

from django.db import models

from foundation.clock import utc_now
from foundation.ids import new_id
from tenants.rows import TenantRow


class KeptAnswer(TenantRow):
    """What a call with an ``Idempotency-Key`` was answered, for 24 hours.

    ``key_hash`` is the SHA-256 of the key; ``request_hash`` is the HMAC-SHA-256 of the request
    under the key; ``sealed`` is the answer, which nobody reads without the key and the secret of
    the installation (docs/adr/0017). It is null only inside the transaction that will fill it.
    """

    pk = models.CompositePrimaryKey("tenant_id", "id")
    tenant_id = models.UUIDField()
    id = models.UUIDField(default=new_id, editable=False)
    principal = models.CharField(max_length=200)
    key_hash = models.CharField(max_length=64)
    request_hash = models.CharField(max_length=64)
    sealed = models.BinaryField(null=True)
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField(default=utc_now, editable=False)

    class Meta:
        db_table = "kept_answer"
        constraints = (
            models.UniqueConstraint(
                fields=["tenant_id", "principal", "key_hash"], name="kept_answer_per_key"
            ),
        )
        indexes = (models.Index(fields=["tenant_id", "expires_at"], name="kept_answer_expires_at"),)

    def __str__(self) -> str:
        return f"an answer to {self.principal}, until {self.expires_at.isoformat()}"
