"""``manage.py apply_retention``: forget what was kept long enough; once a day, by cron."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from foundation.clock import utc_now
from privacy.retention import apply_retention
from tenants.models import Tenant


class Command(BaseCommand):
    """Goes from tenant to tenant; servers may run meanwhile."""

    help = (
        "Forget what was kept long enough, of every tenant (docs/privacy.md). Run it once a day, "
        "beside running servers. Safe to repeat, also after a crash."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare what can be asked for."""
        parser.add_argument("--dry-run", action="store_true", help="count, and forget nothing")

    def handle(self, *_arguments: Any, **options: Any) -> None:
        """Forget, and say how much."""
        dry_run, now = options["dry_run"], utc_now()
        for tenant in Tenant.objects.order_by("id"):
            counts = apply_retention(tenant_id=tenant.id, now=now, dry_run=dry_run)
            said = ", ".join(f"{category.value} {count}" for category, count in counts.items())
            self.stdout.write(f"{tenant.slug}: {'would forget' if dry_run else 'forgot'} {said}")
