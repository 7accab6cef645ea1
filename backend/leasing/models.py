"""The ledger of seats. The stores read and write these tables in SQL; Django owns their shape.

No column that a heartbeat writes is indexed: an index on an expiry ends heap-only updates
and cost a third of the throughput when it was measured (docs/adr/0002).
"""

from django.db import models

from foundation.ids import new_id
from tenants.rows import TenantRow


class Seat(TenantRow):
    """One seat of one license: a row that at most one session holds, so a cap cannot be passed.

    ``device`` is the hardware binding of the holder, never the hardware id; ``person`` is the same
    of whoever took it, where a person did. ``gen`` grows with each new holder and never shrinks,
    also after a restore (S6). ``lease_expires_at`` is the end of the lease; ``unnamed_expires_at``
    the end of the part of it held by calls that named no instance. A row without ``session_id`` is
    free. Rows are made on demand and never deleted.

    ``seq`` grows with every lease token signed for the holder; the token instants are those of the
    last one signed for a call without an instance. ``is_shared`` says that programs with a name
    have had shares of the seat since it was granted; of any other nobody looks for shares. They
    are here so that a heartbeat reads and writes one row (docs/adr/0041).
    """

    pk = models.CompositePrimaryKey("tenant_id", "license_id", "slot")
    tenant_id = models.UUIDField()
    license_id = models.UUIDField()
    slot = models.PositiveIntegerField()
    session_id = models.UUIDField(null=True)
    device = models.CharField(max_length=22, null=True)  # noqa: DJ001 (null is a free seat)
    person = models.CharField(max_length=22, null=True)  # noqa: DJ001 (null is nobody in person)
    gen = models.PositiveBigIntegerField(default=0)
    lease_expires_at = models.DateTimeField(null=True)
    unnamed_expires_at = models.DateTimeField(null=True)
    seq = models.PositiveBigIntegerField(default=0)
    token_issued_at = models.DateTimeField(null=True)
    token_expires_at = models.DateTimeField(null=True)
    is_shared = models.BooleanField(default=False)

    class Meta:
        db_table = "seat"
        constraints = (
            models.UniqueConstraint(
                fields=["session_id", "tenant_id"],
                condition=models.Q(session_id__isnull=False),
                name="seat_one_per_session",
            ),
            models.UniqueConstraint(
                fields=["device", "tenant_id", "license_id"],
                condition=models.Q(device__isnull=False),
                name="seat_one_per_device",
            ),
        )
        indexes = (
            models.Index(
                fields=["tenant_id", "license_id", "slot"],
                condition=models.Q(session_id__isnull=True),
                name="seat_free",
            ),
            models.Index(
                fields=["person", "tenant_id", "license_id"],
                condition=models.Q(person__isnull=False),
                name="seat_of_person",
            ),
        )

    def __str__(self) -> str:
        return f"seat {self.slot} of {self.license_id}"


class SeatInstance(TenantRow):
    """One of several programs on a device that share its seat (S5).

    ``lease_expires_at`` is the end of its share; the token instants are those of the last
    token signed for it.
    """

    pk = models.CompositePrimaryKey("tenant_id", "session_id", "instance_id")
    tenant_id = models.UUIDField()
    session_id = models.UUIDField()
    instance_id = models.CharField(max_length=128)
    lease_expires_at = models.DateTimeField()
    token_issued_at = models.DateTimeField(null=True)
    token_expires_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "seat_instance"

    def __str__(self) -> str:
        return f"{self.instance_id} of {self.session_id}"


class LicenseSession(TenantRow):
    """One holding of a seat from grant to end: history.

    ``end_reason`` is empty while the session lives, then ``released``, ``expired`` or
    ``taken_over``. A session that came back to no seat, by its token, has no ``slot``, and its
    ``ended_at`` is known in advance: that token's end. It counts its tokens itself, with ``seq``
    and the token instants; for any other its seat does. ``borrowed_until`` is the end of the last
    file that was made of its seat, null without one; the lease does not end before.
    """

    pk = models.CompositePrimaryKey("tenant_id", "id")
    tenant_id = models.UUIDField()
    id = models.UUIDField(default=new_id, editable=False)
    license_id = models.UUIDField()
    slot = models.PositiveIntegerField(null=True)
    gen = models.PositiveBigIntegerField()
    device = models.CharField(max_length=22)
    principal = models.CharField(max_length=200)
    metadata = models.JSONField(default=dict)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=10, default="")
    seq = models.PositiveBigIntegerField(default=0)
    token_issued_at = models.DateTimeField(null=True)
    token_expires_at = models.DateTimeField(null=True)
    borrowed_until = models.DateTimeField(null=True)

    class Meta:
        db_table = "license_session"
        indexes = (
            models.Index(fields=["tenant_id", "started_at", "id"], name="session_by_start"),
            models.Index(
                fields=["tenant_id", "ended_at"],
                condition=models.Q(ended_at__isnull=False),
                name="session_by_end",
            ),
            models.Index(
                fields=["tenant_id", "started_at", "id"],
                condition=models.Q(ended_at__isnull=True) | models.Q(slot__isnull=True),
                name="session_open",
            ),
        )

    def __str__(self) -> str:
        return str(self.id)


class SeatsVersion(TenantRow):
    """How often the holders of a license's seats changed; only PostgreSQL's stores count it.

    A process that knows a version by heart knows the seats as they were at it.
    """

    pk = models.CompositePrimaryKey("tenant_id", "license_id")
    tenant_id = models.UUIDField()
    license_id = models.UUIDField()
    version = models.PositiveBigIntegerField()

    class Meta:
        db_table = "seats_version"

    def __str__(self) -> str:
        return f"version {self.version} of the seats of {self.license_id}"


class SeatsChange(TenantRow):
    """What led to one of the latest versions of a license's seats; the next one to have its
    ``place`` replaces it. Only PostgreSQL's stores tell each other.

    ``changes`` is a JSON array of ``[slot, lease end, granted]``.
    """

    pk = models.CompositePrimaryKey("tenant_id", "license_id", "place")
    tenant_id = models.UUIDField()
    license_id = models.UUIDField()
    place = models.PositiveSmallIntegerField()
    version = models.PositiveBigIntegerField()
    changes = models.TextField()

    class Meta:
        db_table = "seats_change"

    def __str__(self) -> str:
        return f"what led to version {self.version} of the seats of {self.license_id}"


class LedgerState(models.Model):
    """The one row that says when the ledger was last alive and since when reclaims are held.

    ``timeline`` is PostgreSQL's, which a failover changes; it stays null in SQLite.
    """

    id = models.PositiveSmallIntegerField(primary_key=True)
    last_alive_at = models.DateTimeField()
    hold_since = models.DateTimeField(null=True)
    silent_since = models.DateTimeField(null=True)
    timeline = models.CharField(max_length=8, null=True)  # noqa: DJ001 (null is not known yet)

    class Meta:
        db_table = "ledger_state"

    def __str__(self) -> str:
        return f"alive at {self.last_alive_at.isoformat()}"
