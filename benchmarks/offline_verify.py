"""How long does a client take to verify what it holds, without the network?

The documents come from a real server; they are opened in this process, one at a time:

- *token, cached delegation*: ``open_license_token`` under a delegation opened before.
- *token, cold*: ``open_delegation`` (an RSA-4096 verification) and then the token.
- *license_data*: ``open_license_data`` from the JSON text.

There is no no-op here: no server takes part. A round gives the median of its operations.
"""

import json
import time
from collections.abc import Callable
from typing import Final

from benchmarks import calls
from benchmarks.figures import Answer, Figure, Row, Target, figure, percentile
from benchmarks.rounds import Run
from benchmarks.server import running_server
from coditect_license_token import (
    Roots,
    open_delegation,
    open_license_data,
    open_license_token,
)

_TARGET: Final = Target(at_most=1_000)
_DEVICE: Final = "verifies-offline"
_FEWEST_OPERATIONS: Final = 100


def answer(run: Run) -> Answer:
    """Measure and return the answer."""
    rows = []
    for name, operation in _operations(run).items():
        rounds = [_times_us(operation, run.seconds / run.rounds) for _ in range(run.rounds)]
        rows.append(Row(name, _figures(rounds)))
        run.say(f"{name}: {rows[-1].figures[0].median:,.0f} µs")
    return Answer("offline_verify", "Time to verify a document offline?", rows, [])


def _operations(run: Run) -> dict[str, Callable[[], object]]:
    with running_server(run.prepared, run.ledger) as server:
        call = calls.acquire(run.ledger, run.ledger.license_keys[0], _DEVICE)
        (held,) = server.ask([call])
    roots = Roots.from_pem(run.ledger.root_pem.encode())
    token, document, data = (
        held["license_token"],
        held["delegation"],
        json.dumps(held["license_data"]),
    )
    now = int(time.time())
    delegation = open_delegation(document, roots=roots, now=now)
    return {
        "token, cached delegation": lambda: open_license_token(
            token, delegation=delegation, now=now, hardware_id=_DEVICE
        ),
        "token, cold": lambda: open_license_token(
            token,
            delegation=open_delegation(document, roots=roots, now=now),
            now=now,
            hardware_id=_DEVICE,
        ),
        "license_data": lambda: open_license_data(data, roots=roots, hardware_id=_DEVICE),
    }


def _times_us(operation: Callable[[], object], seconds: float) -> list[float]:
    times: list[float] = []
    give_up_at = time.perf_counter() + seconds
    while time.perf_counter() < give_up_at or len(times) < _FEWEST_OPERATIONS:
        began_at = time.perf_counter_ns()
        operation()
        times.append((time.perf_counter_ns() - began_at) / 1000)
    return sorted(times)


def _figures(rounds: list[list[float]]) -> list[Figure]:
    return [
        figure("p50", "µs", [percentile(times, 0.5) for times in rounds], _TARGET),
        figure("p99", "µs", [percentile(times, 0.99) for times in rounds]),
    ]
