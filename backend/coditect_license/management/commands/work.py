"""``manage.py work``: what goes on once for an installation, in a process of its own."""

import signal
import threading
from contextlib import ExitStack
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from coditect_license.background import BackgroundWork
from coditect_license.gauges import gauge_process, serve_metrics_from_settings
from coditect_license.ledger import take_server_seat
from coditect_license.management.migrated import require_migrated
from coditect_license.own_secrets import redactor_from_settings
from foundation.logs import JsonLines, log_to_standard_output
from foundation.metrics import MetricsPortBusy
from leasing.stores.gate import ServerAlreadyRunning
from signing.errors import SigningError
from tenants.wiring import SERVING


class Command(BaseCommand):
    """Seals the audit and counts the ledger until SIGTERM; the database must be migrated."""

    help = (
        "Seal the audit and count the ledger for the metrics until SIGTERM, and answer no calls. "
        "For installations whose servers do not: LICENSE_WORKLOAD=leasing and console."
    )

    def handle(self, *_arguments: Any, **_options: Any) -> None:
        """Work until told to stop; end with status 0."""
        if not settings.LICENSE_WORKLOAD.seals:
            raise CommandError(f"LICENSE_WORKLOAD is {settings.LICENSE_WORKLOAD}, which seals not")
        require_migrated()
        self.check(databases=["default"])  # whom the database trusts is no matter of settings
        self.check(tags=[SERVING], databases=["default"], include_deployment_checks=True)
        ending = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: ending.set())
        try:
            with ExitStack() as begun:
                _begin(begun)
                ending.wait()
        except (ServerAlreadyRunning, MetricsPortBusy, SigningError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write("stopped: every audit event stays, and is sealed by whoever works next")


def _begin(begun: ExitStack) -> None:
    """Begin all of it, each to be ended in the opposite order."""
    begun.callback(take_server_seat())
    log = _log_as_a_server()
    begun.callback(log.flush)
    gauge_process()
    begun.callback(serve_metrics_from_settings())
    work = BackgroundWork(log)
    work.start()
    begun.callback(work.stop)


def _log_as_a_server() -> JsonLines:
    return log_to_standard_output(
        settings.LICENSE_LOG_LEVELS,
        redactor_from_settings(),
        project=settings.LICENSE_LOG_PROJECT,
    )
