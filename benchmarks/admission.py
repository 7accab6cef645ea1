"""What does a call pay for being counted against its limits?

One process calls :class:`leasing.http.admission.Admission` before an engine that answers at once,
and the same engine without it; a figure is the difference for one call. 8,000 sessions take turns,
as many as send a heartbeat each second at the target rate. Sharing with other processes is on: what
was used is noted, and a task that is not measured here would send it.
"""

import subprocess
import sys
from typing import Final

import msgspec

from benchmarks.figures import Answer, Row, Target, figure
from benchmarks.machine import REPOSITORY
from benchmarks.prepared import server_environment
from benchmarks.rounds import Run
from benchmarks.server import SETTINGS

_TARGET: Final = Target(at_most=3)


def answer(run: Run) -> Answer:
    """Measure and return the answer."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.admission_loop", str(run.rounds)],
        env=server_environment(run.prepared, SETTINGS),
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        check=True,
    )
    figures = msgspec.json.decode(done.stdout.splitlines()[-1], type=dict[str, list[float]])
    rows = [Row(name, [figure("cost", "µs", each, _TARGET)]) for name, each in figures.items()]
    for row in rows:
        run.say(f"{row.name}: {row.figures[0].median:.2f} µs")
    return Answer("admission", "Cost of being counted?", rows, [])
