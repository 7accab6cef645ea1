"""Figures about the whole ledger, for the metrics (docs/metrics.md, docs/adr/0024)."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connections
from msgspec import Struct

from foundation import metrics
from foundation.clock import Clock, monotonic_seconds
from leasing.census import REST, Census, CensusReader, Count, Standing
from leasing.errors import StoreUnavailable
from leasing.rules import hold_end
from licenses.queries import oldest_undelivered
from licenses.rules import DEFAULT_HEARTBEAT_INTERVAL_SECONDS
from tenants.current import tenant_transaction
from tenants.models import Tenant
from tenants.reading import reading

_log = logging.getLogger(__name__)

_leases = metrics.gauges(
    "license_leases",
    "Seats held, by state of the lease: live, or lapsed and not ended.",
    ("state",),
)
_seats_in_use_ratio = metrics.gauges(
    "license_seats_in_use_ratio",
    "Live leases for each seat sold, of the licenses that are used most.",
    ("tenant_id", "license_id"),
)
_seats_exhausted = metrics.gauges(
    "license_seats_exhausted", "Licenses with as many live leases as they may have."
)
_outbox_age = metrics.gauges(
    "license_outbox_age_seconds", "How old the oldest notice is that was not delivered; 0 for none."
)
_figures_age = metrics.gauges(
    "license_figures_age_seconds", "How long ago the count of the ledger began that is shown."
)
_reclaim_hold = metrics.gauges(
    "license_reclaim_hold", "1 while lapsed seats wait for their owners, because of a gap."
)
_connections_max = metrics.gauges(
    "django_db_connections_max", "Connections that PostgreSQL admits to this process's login."
)

_SOON_SECONDS: Final = 1.0
_FIGURES_LAST_SECONDS: Final = 600.0
_COUNTS_LAST: Final = 3  # a count is shown until the next one ends
_STANDING_LASTS_SECONDS: Final = 60.0


class Pace(Struct, frozen=True):
    """How long a round of looking waits for the next, and how much a count rests."""

    pause_seconds: float = 5.0
    rest: float = REST


_USUAL: Final = Pace()


class _Figures(Struct, frozen=True):
    began_at: float
    seconds: float
    census: Census
    oldest_undelivered: datetime | None


class _Looked(Struct, frozen=True):
    at: float
    standing: Standing


class FiguresThread:
    """Looks at the ledger in the background of a server, from :meth:`start` to :meth:`stop`.

    Every process looks at the ledger's own state. All seats are counted where ``counts_here`` says
    so: in one process of an installation. A ledger that is away leaves what was seen last, for ten
    minutes or three times as long as a count takes; then there are no series, for none is better
    than a wrong one.
    """

    def __init__(
        self,
        reader: CensusReader,
        *,
        counts_here: Callable[[], bool],
        most_named: int,
        clock: Clock,
        pace: Pace = _USUAL,
    ) -> None:
        self._reader = reader
        self._counts_here = counts_here
        self._most_named = most_named
        self._clock = clock
        self._pace = pace
        self._figures: _Figures | None = None
        self._looked: _Looked | None = None
        self._has_failed = False
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ledger-figures", daemon=True)

    def start(self) -> None:
        """Begin, and have each scrape show what is found."""
        _leases(lambda: _of(self._shown(), _by_state))
        _seats_in_use_ratio(lambda: _of(self._shown(), _by_license))
        _seats_exhausted(lambda: _of(self._shown(), _exhausted))
        _outbox_age(lambda: _of(self._shown(), self._age_of_outbox))
        _figures_age(lambda: _of(self._shown(), _age))
        _reclaim_hold(self._hold)
        _connections_max(self._most_connections)
        self._thread.start()

    def stop(self) -> None:
        """End after the page under way; blocks until then."""
        self._ending.set()
        self._thread.join()

    def round(self) -> None:
        """Look once at everything there is to be seen here; blocks. Raises what the reads raise."""
        self._looked = _Looked(monotonic_seconds(), self._reader.standing())
        if self._counts_here():
            began_at, census = monotonic_seconds(), self._census()
            oldest = self._oldest_undelivered()
            if not self._ending.is_set():
                seconds = monotonic_seconds() - began_at
                self._figures = _Figures(began_at, seconds, census, oldest)

    def _run(self) -> None:
        self._ending.wait(_SOON_SECONDS)  # until then it is clear who counts
        while not self._ending.is_set():
            self._guarded_round()
            self._ending.wait(self._pace.pause_seconds)

    def _guarded_round(self) -> None:
        try:
            with reading():
                self.round()
            self._has_failed = False
        except Exception as failure:  # noqa: BLE001  a thread that ended would never look again
            if not self._has_failed:
                _log.warning("figures of the ledger grow old", exc_info=_unforeseen(failure))
            self._has_failed = True
        finally:
            self._reader.close()
            connections.close_all()

    def _census(self) -> Census:
        count, after = Count(self._most_named), None
        while not self._ending.is_set():
            began_at = monotonic_seconds()
            after = count.add(self._reader.page(after))
            if after is None:
                break
            self._rest(began_at)
        return count.census()

    def _oldest_undelivered(self) -> datetime | None:
        """Ask each tenant's own rows: only its own transaction sees them."""
        oldest: list[datetime] = []
        for tenant_id in list(Tenant.objects.order_by("id").values_list("id", flat=True)):
            began_at = monotonic_seconds()
            with tenant_transaction(tenant_id):
                since = oldest_undelivered()
            oldest += [] if since is None else [since]
            if self._ending.is_set():
                break
            self._rest(began_at)
        return min(oldest, default=None)

    def _rest(self, began_at: float) -> None:
        self._ending.wait((monotonic_seconds() - began_at) * self._pace.rest)

    def _shown(self) -> _Figures | None:
        figures = self._figures
        if figures is None or not self._counts_here():
            return None
        lasts_seconds = max(_FIGURES_LAST_SECONDS, _COUNTS_LAST * figures.seconds)
        is_old = monotonic_seconds() - figures.began_at > lasts_seconds
        return None if is_old else figures

    def _standing(self) -> Standing | None:
        looked = self._looked
        if looked is None or monotonic_seconds() - looked.at > _STANDING_LASTS_SECONDS:
            return None
        return looked.standing

    def _hold(self) -> metrics.Readings:
        standing = self._standing()
        if standing is None:
            return {}
        end = hold_end(standing.hold, DEFAULT_HEARTBEAT_INTERVAL_SECONDS, standing.now)
        return {(): float(end is not None)}

    def _most_connections(self) -> metrics.Readings:
        standing = self._standing()
        if standing is None or standing.most_connections is None:
            return {}
        return {(): float(standing.most_connections)}

    def _age_of_outbox(self, figures: _Figures) -> metrics.Readings:
        since = figures.oldest_undelivered
        return {(): 0.0 if since is None else (self._clock() - since).total_seconds()}


def _of(
    figures: _Figures | None, readings: Callable[[_Figures], metrics.Readings]
) -> metrics.Readings:
    return {} if figures is None else readings(figures)


def _by_state(figures: _Figures) -> metrics.Readings:
    return {("live",): float(figures.census.live), ("lapsed",): float(figures.census.lapsed)}


def _by_license(figures: _Figures) -> metrics.Readings:
    named = figures.census.most_used
    return {(str(UUID(tenant)), str(UUID(license_))): use for use, tenant, license_ in named}


def _exhausted(figures: _Figures) -> metrics.Readings:
    return {(): float(figures.census.exhausted)}


def _age(figures: _Figures) -> metrics.Readings:
    return {(): monotonic_seconds() - figures.began_at}


def _unforeseen(failure: Exception) -> Exception | None:
    """Return what needs a traceback in the log: not that the ledger is away."""
    return None if isinstance(failure, StoreUnavailable) else failure
