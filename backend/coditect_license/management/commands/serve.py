"""``manage.py serve``: both planes in one process."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from coditect_license.asgi import application
from coditect_license.ledger import take_server_seat
from coditect_license.listening import PortBusy, listen, serve
from leasing.stores.gate import ServerAlreadyRunning
from tenants.wiring import SERVING


class Command(BaseCommand):
    """Serves both planes on LICENSE_HOST:PORT; the database must be migrated."""

    help = "Serve both planes on LICENSE_HOST:PORT (default 127.0.0.1:8000) until SIGTERM."

    def handle(self, *_arguments: Any, **_options: Any) -> None:
        """Serve until told to stop; drain; end with status 0."""
        _require_migrated()
        self.check(databases=["default"])  # whom the database trusts is no matter of settings
        self.check(tags=[SERVING], databases=["default"], include_deployment_checks=True)
        try:
            take_server_seat()()
            began = serve(application, listen(settings.HOST, settings.PORT))
        except (PortBusy, ServerAlreadyRunning) as error:
            raise CommandError(str(error)) from error
        if not began:
            raise CommandError("the server did not start; the log above says why")
        self.stdout.write("stopped: every acknowledged change is kept")


def _require_migrated() -> None:
    try:
        plan = MigrationExecutor(connection)
        is_behind = bool(plan.migration_plan(plan.loader.graph.leaf_nodes()))
    except OperationalError as error:
        raise CommandError(f"the database cannot be reached: {_first_line(error)}") from error
    connection.close()
    if is_behind:
        raise CommandError("the database is not migrated; run: manage.py migrate")


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
