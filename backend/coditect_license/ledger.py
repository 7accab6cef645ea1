"""The ledger that the settings name: PostgreSQL where LICENSE_DATABASE_URL is set, else SQLite."""

from collections.abc import Callable
from pathlib import Path

from django.conf import settings

from leasing.store import Store
from leasing.stores.gate import ServerSeat
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
        )
    return SqliteStore(_file(), was_restored=was_restored)


def take_server_seat() -> Callable[[], None]:
    """Make sure that this process may serve the ledger; return how to give that up.

    A SQLite file has one server at a time: raises ServerAlreadyRunning. PostgreSQL has many.
    """
    if settings.LICENSE_DATABASE_URL:
        return lambda: None
    return ServerSeat(_file()).close


def _file() -> Path:
    return Path(str(settings.DATABASES["default"]["NAME"]))
