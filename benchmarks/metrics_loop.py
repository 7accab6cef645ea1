"""``python -m benchmarks.metrics_loop ROUNDS``: the loops of ``metrics.py``; prints JSON.

With PROMETHEUS_MULTIPROC_DIR only the counters of prometheus_client are measured: ours know no
files.
"""

import os
import sys
import time
from collections.abc import Callable
from typing import Final

import django
import msgspec

django.setup()

from prometheus_client import CollectorRegistry, Counter, Histogram  # noqa: E402

from leasing import counts  # noqa: E402
from leasing.http.routes import route_of  # noqa: E402

_CALLS: Final = 100_000
_HEARTBEATS: Final = [
    f"/api/v1/licenses/sessions/0192f7a0-0000-7000-8000-{number:012x}/heartbeat/"
    for number in range(1_000)
]
_ACQUIRE: Final = "/api/v1/licenses/acquire/"
_SECONDS: Final = 0.004

_registry: Final = CollectorRegistry()
_requests: Final = Counter("requests", "", ("code", "route", "plane"), registry=_registry)
_durations: Final = Histogram("seconds", "", ("route", "plane"), registry=_registry)
_sizes: Final = Histogram("size", "", registry=_registry)
_commits: Final = Histogram("commit", "", registry=_registry)


def _heartbeat(path: str) -> None:
    counts.count_request("leasing", route_of(path), 200, _SECONDS)
    _batch()


def _acquire(_path: str) -> None:
    counts.acquires.add("granted")
    counts.count_request("leasing", route_of(_ACQUIRE), 201, _SECONDS)
    _batch()


def _batch() -> None:
    counts.batch_size.add(1)
    counts.batch_seconds.add(_SECONDS)


def _with_locks(path: str) -> None:
    route = route_of(path)
    _requests.labels("200", route, "leasing").inc()
    _durations.labels(route, "leasing").observe(_SECONDS)
    _sizes.observe(1)
    _commits.observe(_SECONDS)


def _nothing(path: str) -> None:
    del path


def _seconds(count: Callable[[str], None]) -> float:
    began_at = time.process_time()
    for number in range(_CALLS):
        count(_HEARTBEATS[number % 1_000])
    return time.process_time() - began_at


def _costs_us(count: Callable[[str], None], rounds: int) -> list[float]:
    return [(_seconds(count) - _seconds(_nothing)) / _CALLS * 1e6 for _ in range(rounds)]


if __name__ == "__main__":
    wanted: dict[str, Callable[[str], None]] = {
        "heartbeat": _heartbeat,
        "acquire": _acquire,
        "the same with locks": _with_locks,
    }
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        wanted = {"the same with files": _with_locks}
    figures = {name: _costs_us(count, int(sys.argv[1])) for name, count in wanted.items()}
    sys.stdout.write(msgspec.json.encode(figures).decode() + "\n")
