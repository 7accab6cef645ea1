"""What does a heartbeat cost through Django REST framework, in the same process?

The server is the product's own, with three more addresses in its control plane (folder drf/), so
each row has the same interpreter, event loop, HTTP parser, ledger file and credential. Django
runs as the control plane runs: its ASGI handler, synchronous views in threads, the product's
three middlewares. Closed loop, 48 connections, bearer token. Rows:

- *leasing plane*: the product's heartbeat, durable, in group commit.
- *Django view*: a view that answers a constant, without Django REST framework.
- *DRF, nothing written*: authentication, permission, serializer in and out; no ledger.
- *DRF, durable*: the same with one transaction of the ORM for each heartbeat.
- *DRF, no server*: *nothing written* once more, called in one thread of a process without a
  server: processor time of Django and DRF alone, below which no way of serving them can go.

In favor of Django: its rows write no request log.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from benchmarks import calls
from benchmarks.durable_heartbeats import SEATS, bearer_heartbeats
from benchmarks.figures import Answer, Row, figure
from benchmarks.prepared import server_environment
from benchmarks.rounds import NOOP_ROW, Run, alternate, throughput_row
from benchmarks.scripts import Repeat
from benchmarks.server import Held, RunningServer, running_server

_SETTINGS: Final = "benchmarks.drf.settings"


def answer(run: Run) -> Answer:
    """Measure and return the answer."""
    with running_server(run.prepared, run.ledger, _SETTINGS) as server:
        scripts = _scripts(server)
        outcomes = alternate(run, server, scripts)
    bare = [_without_a_server(run) for _ in range(run.rounds)]
    return Answer(
        "drf_comparison",
        "A heartbeat in the leasing plane and through Django REST framework?",
        [
            throughput_row(NOOP_ROW, outcomes, unit="requests"),
            *(throughput_row(name, outcomes, unit="requests") for name in scripts),
            Row("DRF, no server", [figure("CPU", "µs/request", bare)]),
        ],
        [],
    )


def _scripts(server: RunningServer) -> dict[str, Repeat]:
    held_seats = server.hold_seats("plain", seats=SEATS)
    bearer = server.ledger.bearer
    return {
        "leasing plane": bearer_heartbeats(server, held_seats),
        "Django view": Repeat([calls.call("GET", "/django/nothing/", bearer)]),
        "DRF, nothing written": _through_drf(held_seats, bearer, "unwritten"),
        "DRF, durable": _through_drf(held_seats, bearer, "heartbeat"),
    }


def _through_drf(held_seats: list[Held], bearer: str, last_part: str) -> Repeat:
    return Repeat(
        [
            calls.call("PATCH", f"/drf/sessions/{held.session_id}/{last_part}/", bearer)
            for held in held_seats
        ]
    )


def _without_a_server(run: Run) -> float:
    with tempfile.TemporaryDirectory(dir=run.prepared.parent) as directory:
        data = shutil.copytree(run.prepared, Path(directory) / "data")
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.drf.bare", str(run.seconds)],
            input=run.ledger.token,
            env=server_environment(data, _SETTINGS),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    return float(done.stdout)
