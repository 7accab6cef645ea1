"""What this process counts, in the form that Prometheus reads. The one door to its client.

Names, labels and what to make of them: docs/metrics.md. A metric is made once, at import, by the
file that counts it; a label takes values of a small fixed set only, never a tenant or a key.
"""

from collections.abc import Callable, Sequence
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


def exposition() -> str:
    """Return every metric of this process as text, as a scrape would."""
    return generate_latest(REGISTRY).decode()


def serve_metrics(host: str, port: int) -> Callable[[], None]:
    """Answer scrapes on an address of their own, in a thread; return how to stop that.

    Without a credential: the address must not be one that strangers reach. Raises MetricsPortBusy.
    """
    try:
        server, thread = start_http_server(port, host)
    except OSError as error:
        raise MetricsPortBusy(f"cannot serve metrics on {host}:{port}: {error.strerror}") from error

    def stop() -> None:
        _stop(server)
        thread.join()

    return stop


def _stop(server: WSGIServer) -> None:
    server.shutdown()
    server.server_close()
