"""``manage.py hold_reclaim``: after a restore, nobody gets a seat that its holder may claim."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from foundation.clock import rfc3339
from leasing.errors import StoreUnavailable
from leasing.models import LedgerState
from leasing.rules import HOLD_INTERVALS
from leasing.wiring import open_store
from signing.operations import outrun_backup


class Command(BaseCommand):
    """Begins a reclaim hold now, beside running servers or before they start."""

    help = (
        "Begin a reclaim hold now. For a restore or a failover that the servers cannot notice: "
        "docs/how-to/restore-a-backup.md. Does no harm when it was not needed."
    )

    def handle(self, *_arguments: Any, **_options: Any) -> None:
        """Note the hold in the ledger and say what it means."""
        try:
            open_store(was_restored=True).close()
        except StoreUnavailable as error:
            raise CommandError(f"the ledger cannot be reached: {error}") from error
        outrun_backup()
        state = LedgerState.objects.get()
        if state.hold_since is None or state.silent_since is None:
            raise CommandError("this ledger was never served: there is nobody to wait for")
        self.stdout.write(
            f"reclaims are held since {rfc3339(state.hold_since)}, for {HOLD_INTERVALS} heartbeat "
            f"intervals of each license: whoever was live at {rfc3339(state.silent_since)} may "
            "renew, and nobody else gets those seats"
        )
