"""What tenants chose about retention, and whom somebody had erased."""

from django.db import models

from foundation.clock import utc_now
from foundation.ids import new_id
from privacy.rules import Category
from tenants.rows import TenantRow


class RetentionChoice(TenantRow):
    """For how many days a tenant has a category kept, in the place of the default."""

    pk = models.CompositePrimaryKey("tenant_id", "category")
    tenant_id = models.UUIDField()
    category = models.CharField(
        max_length=20, choices=[(category.value, category.value) for category in Category]
    )
    days = models.PositiveIntegerField()

    class Meta:
        db_table = "retention_choice"

    def __str__(self) -> str:
        return f"{self.category} for {self.days} days"


class Erasure(TenantRow):
    """Somebody was erased; kept for ever, so that it is done again after a restore.

    ``person_hmac`` is the HMAC of a person's name under the pepper of ``pepper_version``: it
    recognises the person in an older backup and names nobody. It is empty for a whole tenant.
    ``principal`` is who did it.
    """

    pk = models.CompositePrimaryKey("tenant_id", "id")
    tenant_id = models.UUIDField()
    id = models.UUIDField(default=new_id, editable=False)
    person_hmac = models.CharField(max_length=64, blank=True, default="")
    pepper_version = models.PositiveSmallIntegerField(null=True)
    principal = models.CharField(max_length=200)
    erased_at = models.DateTimeField(default=utc_now, editable=False)

    class Meta:
        db_table = "erasure"

    def __str__(self) -> str:
        return f"{'a person of' if self.person_hmac else 'the whole of'} {self.tenant_id}"
