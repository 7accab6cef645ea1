"""What a process is asked about itself at each scrape (docs/metrics.md)."""

from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from audit.sealer import SealerThread
from coditect_license import __version__
from foundation import metrics
from foundation.clock import Clock
from leasing import counts
from leasing.engine import Engine
from leasing.figures import FiguresThread
from leasing.wiring import figures_from_settings
from signing.wiring import gauge_signing

_build_info = metrics.gauges(
    "license_build_info", "1; the version of the server stands in the label.", ("version",)
)
_connections_active = metrics.gauges(
    "django_db_connections_active",
    "Connections to the database that this process has open, of both planes.",
)
_unsealed_age = metrics.gauges(
    "license_audit_unsealed_age_seconds",
    "How old the oldest audit event can be that is not sealed; shown by the process that seals.",
)


def _note(connection: BaseDatabaseWrapper, **_: object) -> None:
    counts.connections.note(connection, _is_open)


def _is_open(connection: BaseDatabaseWrapper) -> bool:
    return connection.connection is not None


def serve_metrics_from_settings() -> Callable[[], None]:
    """Serve the metrics where the settings say so; return how to end that."""
    if not settings.LICENSE_METRICS_PORT:
        return lambda: None
    first = settings.LICENSE_METRICS_PORT
    ports = range(first, first + settings.LICENSE_METRICS_PORTS)
    return metrics.serve_metrics(settings.LICENSE_METRICS_HOST, ports)


def gauge_process() -> None:
    """Have each scrape ask for the version and the connections of this process."""
    connection_created.connect(_note, dispatch_uid="coditect_license.gauges")
    _build_info(lambda: {(__version__,): 1.0})
    _connections_active(lambda: {(): float(counts.connections.count())})


def gauge_leasing(engine: Engine, signing_seconds_left: Callable[[], float]) -> None:
    """Have each scrape ask the engine, the signers and the connections of this process."""
    gauge_process()
    counts.waiting_calls(lambda: {(): float(engine.waiting_calls)})
    counts.reaper_age(lambda: {(): engine.seconds_since_reap})
    gauge_signing(signing_seconds_left)


def gauge_sealing(sealer: SealerThread, *, clock: Clock) -> FiguresThread | None:
    """Have each scrape ask the sealer of this process.

    Return what looks at the whole ledger, if anything does. One process of an installation counts
    seats: the one whose turn it is to seal.
    """
    _unsealed_age(lambda: _seconds_since(sealer.sealed_until, clock()))
    return figures_from_settings(lambda: sealer.has_turn)


def _seconds_since(instant: datetime | None, now: datetime) -> metrics.Readings:
    return {} if instant is None else {(): max((now - instant).total_seconds(), 0.0)}
