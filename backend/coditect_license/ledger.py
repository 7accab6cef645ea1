"""The ledger that the settings name: PostgreSQL where LICENSE_DATABASE_URL is set, else SQLite."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import cast

from django.conf import settings
from django.db import connections

from leasing.store import Store
from leasing.stores.gate import ServerSeat
from leasing.stores.gated_sqlite.base import DatabaseWrapper
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


def aside(store: Store) -> Callable[[], AbstractContextManager[None]]:
    """Return what wraps writes of this process that the store need not hear of.

    SQLite tells a connection that others wrote, not what: the store forgets all it knows by heart.
    """
    if not isinstance(store, SqliteStore):
        return nullcontext
    return lambda: _default_connection().aside(store)


def _default_connection() -> DatabaseWrapper:
    return cast("DatabaseWrapper", connections["default"])


def take_server_seat() -> Callable[[], None]:
    """Make sure that this process may serve the ledger; return how to give that up.

    A SQLite file has one server at a time: raises ServerAlreadyRunning. PostgreSQL has many.
    """
    if settings.LICENSE_DATABASE_URL:
        return lambda: None
    return ServerSeat(_file()).close


def _file() -> Path:
    return Path(str(settings.DATABASES["default"]["NAME"]))
