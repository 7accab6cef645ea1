"""The ledger that the settings name, as backups see it."""

from django.conf import settings

from coditect_license.backups.ledgers import Ledger, Say
from coditect_license.backups.postgres_ledger import PostgresLedger
from coditect_license.backups.sqlite_ledger import SqliteLedger


def ledger_from_settings(*, say: Say) -> Ledger:
    """Return the ledger; ``say`` hears how far long work has come."""
    if settings.LICENSE_BACKUP_DATABASE_URL:
        return PostgresLedger(settings.LICENSE_BACKUP_DATABASE_URL, say=say)
    return SqliteLedger(settings.DATABASES["default"], say=say)
