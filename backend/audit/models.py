"""What happened, and how often something was refused."""

from django.db import models

from foundation.clock import utc_now
from foundation.ids import new_id
from tenants.rows import TenantRow


class AuditEvent(TenantRow):
    """One change of state, written in the transaction that made it (S15).

    ``principal`` is ``kind:subject`` of the caller, or ``system:reaper`` and its like.
    Rows are appended and never changed.
    """

    pk = models.CompositePrimaryKey("tenant_id", "id")
    tenant_id = models.UUIDField()
    id = models.UUIDField(default=new_id, editable=False)
    at = models.DateTimeField(default=utc_now, editable=False)
    action = models.CharField(max_length=40)
    principal = models.CharField(max_length=200)
    license_id = models.UUIDField(null=True)
    session_id = models.UUIDField(null=True)
    details = models.JSONField(default=dict)

    class Meta:
        db_table = "audit_event"
        indexes = (models.Index(fields=["tenant_id", "at"], name="audit_event_at"),)

    def __str__(self) -> str:
        return f"{self.action} at {self.at.isoformat()}"


class DenialCount(TenantRow):
    """How many acquires of a license were denied for one reason within one hour (S15)."""

    pk = models.CompositePrimaryKey("tenant_id", "license_id", "reason", "hour")
    tenant_id = models.UUIDField()
    license_id = models.UUIDField()
    reason = models.CharField(max_length=40)
    hour = models.DateTimeField()
    count = models.BigIntegerField(default=0)

    class Meta:
        db_table = "denial_count"

    def __str__(self) -> str:
        return f"{self.count} x {self.reason}"
