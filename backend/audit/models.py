"""What happened, how often something was refused or signed, and the chain that holds it all."""

from django.db import models

from foundation.clock import utc_now
from foundation.ids import new_id
from tenants.rows import TenantRow


class AuditEvent(TenantRow):
    """One change of state, written in the transaction that made it (S15).

    ``principal`` is ``kind:subject`` of the caller, or ``system:reaper`` and its like; a subject
    that was forgotten is empty. Rows are appended and never changed, but for a person that is
    forgotten (``audit.operations.forget_subject``).
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
    """How many acquires of a license were denied for one reason within one hour (S15).

    ``recorded`` of them are in audit records already.
    """

    pk = models.CompositePrimaryKey("tenant_id", "license_id", "reason", "hour")
    tenant_id = models.UUIDField()
    license_id = models.UUIDField()
    reason = models.CharField(max_length=40)
    hour = models.DateTimeField()
    count = models.BigIntegerField(default=0)
    recorded = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        db_table = "denial_count"

    def __str__(self) -> str:
        return f"{self.count} x {self.reason}"


class SignatureCount(TenantRow):
    """How many documents of one kind one key signed for a tenant within one hour.

    ``root_key_id`` names the root behind ``key_id``: itself, or the one that delegated to it.
    ``recorded`` of them are in audit records already.
    """

    pk = models.CompositePrimaryKey("tenant_id", "key_id", "document", "hour")
    tenant_id = models.UUIDField()
    key_id = models.CharField(max_length=43)
    document = models.CharField(max_length=20)
    hour = models.DateTimeField()
    root_key_id = models.CharField(max_length=43)
    count = models.BigIntegerField(default=0)
    recorded = models.BigIntegerField(default=0)

    class Meta:
        db_table = "signature_count"

    def __str__(self) -> str:
        return f"{self.count} x {self.document} by {self.key_id}"


class AuditEntry(TenantRow):
    """One event in its tenant's chain: the exact text that is hashed, and the hash after it.

    ``position`` counts from 1 without a gap, in the order of sealing. Made by the sealer alone.
    """

    pk = models.CompositePrimaryKey("tenant_id", "position")
    tenant_id = models.UUIDField()
    position = models.BigIntegerField()
    event_id = models.UUIDField()
    entry = models.TextField()
    hash = models.CharField(max_length=64)

    class Meta:
        db_table = "audit_entry"
        constraints = (
            models.UniqueConstraint(fields=["tenant_id", "event_id"], name="audit_entry_event"),
        )

    def __str__(self) -> str:
        return f"entry {self.position}"


class AuditHead(TenantRow):
    """How far a tenant's chain has come; whoever seals locks this row.

    ``streamed_size`` entries have left as lines of the log.
    """

    tenant_id = models.UUIDField(primary_key=True)
    size = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64)
    checkpoint_size = models.BigIntegerField(default=0)
    checkpoint_at = models.DateTimeField(null=True)
    streamed_size = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        db_table = "audit_head"

    def __str__(self) -> str:
        return f"{self.size} entries"


class AuditCheckpoint(TenantRow):
    """A signed note: so long was a tenant's chain, with this hash. Appended, never changed."""

    pk = models.CompositePrimaryKey("tenant_id", "size")
    tenant_id = models.UUIDField()
    size = models.BigIntegerField()
    note = models.TextField()
    made_at = models.DateTimeField(default=utc_now, editable=False)

    class Meta:
        db_table = "audit_checkpoint"

    def __str__(self) -> str:
        return f"checkpoint at {self.size}"


class AuditSubject(TenantRow):
    """Whom personal values in a tenant's chain are about, and the salt that opens them.

    The chain knows the ``id`` alone. Without the row nobody can tell any more what was committed
    to: that is how a person is forgotten.
    """

    pk = models.CompositePrimaryKey("tenant_id", "id")
    tenant_id = models.UUIDField()
    id = models.UUIDField(default=new_id, editable=False)
    subject = models.CharField(max_length=400)
    salt = models.CharField(max_length=64)

    class Meta:
        db_table = "audit_subject"
        constraints = (
            models.UniqueConstraint(fields=["tenant_id", "subject"], name="audit_subject_once"),
        )

    def __str__(self) -> str:
        return str(self.id)


class SealerTurn(models.Model):
    """Which process seals; the others stand by. One row.

    It saves work and guards nothing: the chain is guarded by the lock of its head.
    """

    id = models.SmallIntegerField(primary_key=True)
    holder = models.UUIDField()
    until = models.DateTimeField()

    class Meta:
        db_table = "sealer_turn"

    def __str__(self) -> str:
        return f"{self.holder} until {self.until.isoformat()}"
