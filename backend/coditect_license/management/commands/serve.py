"""``manage.py serve``: both planes in one process, or the one that LICENSE_WORKLOAD names."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from coditect_license.asgi import application
from coditect_license.ledger import take_server_seat
from coditect_license.listening import PortBusy, listen, serve
from coditect_license.management.migrated import require_migrated
from leasing.stores.gate import ServerAlreadyRunning
from tenants.wiring import SERVING


class Command(BaseCommand):
    """Serves on LICENSE_HOST:PORT; the database must be migrated."""

    help = (
        "Serve on LICENSE_HOST:PORT (default 127.0.0.1:8000) until SIGTERM: both planes, or one "
        "with LICENSE_WORKLOAD=leasing or console."
    )

    def handle(self, *_arguments: Any, **_options: Any) -> None:
        """Serve until told to stop; drain; end with status 0."""
        _require_answers()
        require_migrated()
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


def _require_answers() -> None:
    workload = settings.LICENSE_WORKLOAD
    if not workload.answers:
        raise CommandError(f"LICENSE_WORKLOAD is {workload}, which answers no calls")
