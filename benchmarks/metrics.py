"""What does a call pay for being counted in the metrics?

One process counts as the leasing plane and the engine do for a call that was answered: the call by
status and route, its duration, and the batch it was in, which here is of one call: under load a
batch is shared. An acquire is counted by its outcome as well. Beside that stands what the same
counts cost with the counters of prometheus_client, in one process and with its files for several
processes. A figure is the CPU time of one call; the loop itself is taken off.
"""

import subprocess
import sys
import tempfile
from typing import Final

import msgspec

from benchmarks.figures import Answer, Row, Target, figure
from benchmarks.machine import REPOSITORY
from benchmarks.prepared import server_environment
from benchmarks.rounds import Run
from benchmarks.server import SETTINGS

_TARGETS: Final = {"heartbeat": Target(at_most=2), "acquire": Target(at_most=4)}


def answer(run: Run) -> Answer:
    """Measure and return the answer."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as files:
        figures = _measured(run, {}) | _measured(run, {"PROMETHEUS_MULTIPROC_DIR": files})
    rows = [
        Row(name, [figure("cost", "µs", each, _TARGETS.get(name))])
        for name, each in figures.items()
    ]
    for row in rows:
        run.say(f"{row.name}: {row.figures[0].median:.2f} µs")
    return Answer("metrics", "Cost of metrics?", rows, [])


def _measured(run: Run, more: dict[str, str]) -> dict[str, list[float]]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.metrics_loop", str(run.rounds)],
        env=server_environment(run.prepared, SETTINGS) | more,
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        check=True,
    )
    return msgspec.json.decode(done.stdout.splitlines()[-1], type=dict[str, list[float]])
