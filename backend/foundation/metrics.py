"""What this process counts, in the form that Prometheus reads. The one door to its client.

Names, labels and what to make of them: docs/metrics.md. A metric is made once, at import, by the
file that counts it; a label takes values of a small fixed set only. What is counted with every call
is a plain number of ``foundation.tallies``, which costs a third of a count that takes a lock
(docs/adr/0024).
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from threading import Thread
from typing import Final
from wsgiref.simple_server import WSGIServer

from prometheus_client import (
    REGISTRY,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
    start_http_server,
)
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from foundation.tallies import Buckets, BucketsByLabels, Spread, Tally

_log = logging.getLogger(__name__)

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series nobody asks for


class MetricsPortBusy(Exception):
    """The address for metrics cannot be had."""


def counter(name: str, text: str, label: str) -> Callable[[str], Callable[[], None]]:
    """Return what binds a counter to one value of its label; calling that counts one more.

    Bind once and keep it: counting then costs about half a microsecond. ``name`` ends in
    ``_total``. Safe for threads.
    """
    made = Counter(name, text, [label])
    return lambda value: made.labels(value).inc


def counter_by_two(
    name: str, text: str, labels: tuple[str, str]
) -> Callable[[str, str], Callable[[], None]]:
    """Return what binds a counter to one value of each of its two labels, as above."""
    made = Counter(name, text, labels)
    return lambda first, second: made.labels(first, second).inc


def histogram(name: str, text: str, bounds_seconds: Sequence[float]) -> Callable[[float], None]:
    """Return what records a duration in seconds, in buckets up to each of the bounds."""
    return Histogram(name, text, buckets=bounds_seconds).observe


def gauge(name: str, text: str) -> Callable[[Callable[[], float]], None]:
    """Return what sets the function that is asked for the value at each scrape; 0 before."""
    return Gauge(name, text).set_function


Readings = Mapping[tuple[str, ...], float]
"""Values by the values of their labels, in the order of the labels' names."""


def tally(
    name: str, text: str, labels: Sequence[str], *, known: Iterable[tuple[str, ...]] = ()
) -> Tally:
    """Return a counter without a lock, for one thread that counts. ``name`` ends in ``_total``.

    The ``known`` combinations of labels are shown from the beginning, as 0.
    """
    made = Tally(known)

    def families() -> Iterator[Metric]:
        family = CounterMetricFamily(name, text, labels=labels)
        for values, count in made.read().items():
            family.add_metric([str(value) for value in values], count)
        yield family

    _export(families)
    return made


def buckets(name: str, text: str, bounds: Sequence[float]) -> Buckets:
    """Return a histogram without a lock, for one thread that records."""
    made = Buckets(bounds)
    _export(lambda: _histogram(name, text, (), bounds, {(): made.read()}))
    return made


def buckets_by_labels(
    name: str, text: str, labels: Sequence[str], bounds: Sequence[float]
) -> BucketsByLabels:
    """Return a histogram for each combination of labels, as above."""
    made = BucketsByLabels(bounds)
    _export(lambda: _histogram(name, text, labels, bounds, made.read()))
    return made


def gauges(
    name: str, text: str, labels: Sequence[str] = ()
) -> Callable[[Callable[[], Readings]], None]:
    """Return what sets the function that is asked for all values at each scrape.

    It must not raise. A combination of labels that it leaves out is not shown; before it is set
    none is.
    """
    source: list[Callable[[], Readings]] = [dict]

    def families() -> Iterator[Metric]:
        family = GaugeMetricFamily(name, text, labels=labels)
        for values, value in source[0]().items():
            family.add_metric(values, value)
        yield family

    _export(families)
    return lambda read: source.__setitem__(0, read)


def exposition() -> str:
    """Return every metric of this process as text, as a scrape would."""
    return generate_latest(REGISTRY).decode()


def serve_metrics(host: str, ports: Sequence[int]) -> Callable[[], None]:
    """Answer scrapes on the first of the ports that is free, in a thread; return how to stop that.

    So processes with the same settings find a port each. Without a credential: the address must not
    be one that strangers reach. Raises MetricsPortBusy when none is free.
    """
    server, thread = _listening(host, ports)

    def stop() -> None:
        _stop(server)
        thread.join()

    return stop


def _listening(host: str, ports: Sequence[int]) -> tuple[WSGIServer, Thread]:
    said = ""
    for port in ports:
        try:
            serving = start_http_server(port, host)
        except OSError as error:
            said = f"cannot serve metrics on {host}:{port}: {error.strerror}"
        else:
            _log.info("metrics are served on http://%s:%d/metrics", host, port)
            return serving
    raise MetricsPortBusy(said)


def _stop(server: WSGIServer) -> None:
    server.shutdown()
    server.server_close()


class _Exported(Collector):
    """Metrics that are put together when they are asked for."""

    def __init__(self, families: Callable[[], Iterator[Metric]]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        return self._families()


def _export(families: Callable[[], Iterator[Metric]]) -> None:
    """Show metrics from now on. Raises ValueError for a name that is taken."""
    REGISTRY.register(_Exported(families))


_INFINITE: Final = float("inf")


def _histogram(
    name: str,
    text: str,
    labels: Sequence[str],
    bounds: Sequence[float],
    spreads: Mapping[tuple[str, ...], Spread],
) -> Iterator[Metric]:
    ends = [floatToGoString(bound) for bound in (*bounds, _INFINITE)]  # type: ignore[no-untyped-call]
    family = HistogramMetricFamily(name, text, labels=labels)
    for values, spread in spreads.items():
        family.add_metric(values, list(zip(ends, spread.up_to, strict=True)), spread.total)
    yield family
