"""How much memory does the server keep after load?

Resident memory (``VmRSS``) of the one server process, which serves both planes: right after its
start, and after heartbeats of 2,000 sessions, acquires of fresh devices under the token alone, and
acquires with both proofs, as long each as the other questions load in all their rounds.
"""

from typing import Final

from benchmarks import calls
from benchmarks.durable_heartbeats import heartbeat_scripts
from benchmarks.figures import Answer, Row, Target, figure
from benchmarks.generator import Job
from benchmarks.machine import resident_megabytes
from benchmarks.rounds import Run, Script, rate
from benchmarks.scripts import Fresh
from benchmarks.server import RunningServer, running_server

_TARGET: Final = Target(at_most=150)


def answer(run: Run) -> Answer:
    """Measure and return the answer."""
    with running_server(run.prepared, run.ledger) as server:
        rows = [_memory_row("after start", server)]
        for name, script in _scripts(server).items():
            seconds = run.seconds * run.rounds
            outcome = server.load(Job(server.port, server.pid, script, seconds))
            run.say(f"{name}: {rate(outcome):,.0f} answers/s")
            rows.append(_memory_row(f"after {name}", server, _TARGET))
    return Answer("server_memory", "Resident memory of the server after load?", rows, [])


def _scripts(server: RunningServer) -> dict[str, Script]:
    ledger = server.ledger
    return {
        "heartbeats": heartbeat_scripts(server)["instance and proof"],
        "acquires": Fresh(calls.fresh_acquires(ledger, {"proofs": ["license_token"]})),
        "acquires, both proofs": Fresh(calls.fresh_acquires(ledger)),
    }


def _memory_row(name: str, server: RunningServer, target: Target | None = None) -> Row:
    now, peak = resident_megabytes(server.pid)
    return Row(name, [figure("resident", "MB", [now], target), figure("peak", "MB", [peak])])
