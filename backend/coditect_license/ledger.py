"""Who may serve the ledger that the settings name."""

from collections.abc import Callable

from django.conf import settings

from leasing.stores.gate import ServerSeat
from leasing.wiring import ledger_file


def take_server_seat() -> Callable[[], None]:
    """Make sure that this process may serve the ledger; return how to give that up.

    A SQLite file has one server at a time: raises ServerAlreadyRunning. PostgreSQL has many.
    """
    if settings.LICENSE_DATABASE_URL:
        return lambda: None
    return ServerSeat(ledger_file()).close
