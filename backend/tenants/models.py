"""The tenant: a customer organisation that owns licenses."""

from typing import Any

from django.db import models

from foundation.clock import utc_now
from foundation.ids import new_id
from tenants.rows import DirectoryManager, require_own_entry


class Tenant(models.Model):
    """A customer organisation. Everything else in the ledger carries its id.

    ``objects`` lists all of them, and in a tenant's transaction that tenant alone.
    While it is suspended nobody signs in to it; ``suspended_licenses`` are the ids of those that
    were suspended with it and come back with it.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    slug = models.SlugField(max_length=63, unique=True)
    name = models.CharField(max_length=200)
    suspended_at = models.DateTimeField(null=True)
    suspended_licenses = models.JSONField(
        default=list, db_default=models.Value([], models.JSONField())
    )
    created_at = models.DateTimeField(default=utc_now, editable=False)

    objects = DirectoryManager()
    across_tenants = models.Manager()  # noqa: DJ012 (no field)

    class Meta:
        db_table = "tenant"
        base_manager_name = "objects"

    def __str__(self) -> str:
        return self.slug

    def save_base(self, *arguments: Any, **options: Any) -> None:
        """Save the row. Raises ForeignRow in another tenant's transaction."""
        require_own_entry(self.id)
        super().save_base(*arguments, **options)

    def delete(self, *arguments: Any, **options: Any) -> tuple[int, dict[str, int]]:
        """Delete the row. Raises ForeignRow in another tenant's transaction."""
        require_own_entry(self.id)
        return super().delete(*arguments, **options)
