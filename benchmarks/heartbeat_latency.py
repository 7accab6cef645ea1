"""How long does a heartbeat wait at a steady thousand a second?

Open loop over 64 connections: requests fall due every millisecond whatever the server does, and
latency counts from the instant a request was due. The load generator wakes up once a millisecond,
so about half a millisecond of every figure is its own (shown as *of it before sending*).
"""

from typing import Final

from benchmarks.durable_heartbeats import SEATS, bearer_heartbeats
from benchmarks.figures import Answer, Target
from benchmarks.rounds import NOOP_ROW, Run, alternate, latency_row
from benchmarks.server import running_server

RATE_PER_SECOND: Final = 1_000.0
CONNECTIONS: Final = 64
_ROW: Final = "bearer"
_TARGETS: Final = {"p99": Target(at_most=25)}


def answer(run: Run) -> Answer:
    """Measure and return the answer."""
    with running_server(run.prepared, run.ledger) as server:
        outcomes = alternate(
            run,
            server,
            {_ROW: bearer_heartbeats(server, server.hold_seats("plain", seats=SEATS))},
            rate_per_second=RATE_PER_SECOND,
            connections=CONNECTIONS,
        )
    rows = [latency_row(NOOP_ROW, outcomes, {}), latency_row(_ROW, outcomes, _TARGETS)]
    samples = int(RATE_PER_SECOND * run.seconds)
    return Answer(
        "heartbeat_latency",
        "Latency of a durable heartbeat at 1,000/s, open loop?",
        rows,
        [f"each round has {samples} samples: p99.9 is the highest {max(1, samples // 1000)}"],
    )
