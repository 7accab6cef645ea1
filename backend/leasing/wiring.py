"""The ledger that the settings name: PostgreSQL where LICENSE_DATABASE_URL is set, else SQLite."""

from pathlib import Path

from django.conf import settings

from leasing.store import Store
from leasing.stores.postgres import PostgresStore
from leasing.stores.sqlite import SqliteStore


def open_store(*, was_restored: bool = False) -> Store:
    """Open the ledger. Raises StoreUnavailable when it cannot be reached.

    ``was_restored`` says that it may have lost commits: a reclaim hold begins.
    """
    if settings.LICENSE_LEASING_DATABASE_URL:
        return PostgresStore(
            settings.LICENSE_LEASING_DATABASE_URL,
            was_restored=was_restored,
            prepares=settings.LICENSE_PREPARED_STATEMENTS,
            seats_per_person=settings.LICENSE_SEATS_PER_PERSON,
        )
    return SqliteStore(
        ledger_file(),
        was_restored=was_restored,
        seats_per_person=settings.LICENSE_SEATS_PER_PERSON,
    )


def ledger_file() -> Path:
    """Return the file of a ledger in SQLite."""
    return Path(str(settings.DATABASES["default"]["NAME"]))
