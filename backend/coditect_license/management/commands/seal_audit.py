"""``manage.py seal_audit``: one sweep of the sealer, beside running servers or without them."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from audit.sealer import Sealer
from coditect_license.notary import notary_from_settings
from foundation.clock import utc_now
from signing.errors import SigningError


class Command(BaseCommand):
    """Seals every event that has no entry yet, and signs the checkpoints that are due."""

    help = (
        "Chain every audit record that is not chained yet, of all tenants, and sign the "
        "checkpoints that are due. Servers do so by themselves; to run it beside "
        "them does no harm."
    )

    def handle(self, *_arguments: Any, **_options: Any) -> None:
        """Sweep once, and say what was done."""
        try:
            done = Sealer(notary_from_settings(), clock=utc_now).round()
        except (SigningError, DatabaseError) as failure:
            raise CommandError(f"not everything was sealed: {failure}") from failure
        if done.unsigned:
            raise CommandError(
                f"{done.sealed} records sealed, {done.unsigned} checkpoints not signed"
            )
        self.stdout.write(
            f"{done.sealed} records sealed, {done.checkpoints} checkpoints signed, "
            f"{done.counts} counts recorded"
        )
