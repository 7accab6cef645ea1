"""Django on the login of an operator, who must see the rows of every tenant."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import connections
from psycopg.conninfo import conninfo_to_dict

from coditect_license.database_url import database_entry


@contextmanager
def seeing_all_rows() -> Iterator[None]:
    """Put the login of LICENSE_BACKUP_DATABASE_URL behind Django's default connection.

    SQLite has no logins. That the login does see all rows is not checked here.
    """
    if not settings.LICENSE_BACKUP_DATABASE_URL:
        yield
        return
    with django_on(database_entry(conninfo_to_dict(settings.LICENSE_BACKUP_DATABASE_URL))):
        yield


@contextmanager
def django_on(entry: dict[str, Any]) -> Iterator[None]:
    """Put a database behind Django's default connection until the block ends."""
    before = connections.settings["default"]
    _use({**before, **entry})
    try:
        yield
    finally:
        _use(before)


def _use(entry: dict[str, Any]) -> None:
    connections["default"].close()
    del connections["default"]
    connections.settings["default"] = entry
