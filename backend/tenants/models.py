"""The tenant: a customer organisation that owns licenses."""

from django.db import models

from foundation.clock import utc_now
from foundation.ids import new_id


class Tenant(models.Model):
    """A customer organisation. Everything else in the ledger carries its id."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    slug = models.SlugField(max_length=63, unique=True)
    name = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=utc_now, editable=False)

    class Meta:
        db_table = "tenant"

    def __str__(self) -> str:
        return self.slug
