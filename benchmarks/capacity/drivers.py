"""Runs driver processes side by side and adds up what they did."""

import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack

import msgspec
from msgspec import Struct

from benchmarks.capacity.driver import Beats, Driven, Grants, Job
from benchmarks.capacity.gauges import Counters, between, gauges
from benchmarks.capacity.prepared import Site
from benchmarks.figures import percentile
from benchmarks.machine import REPOSITORY, busy_seconds, family_seconds
from benchmarks.server import MeasurementFailed

_Child = subprocess.Popen[str]


class Stretch(Struct, frozen=True):
    """One round: what all processes did together, and what PostgreSQL counted meanwhile."""

    calls: int
    seconds: float
    per_second: float
    waits_ms: list[float]
    driver_seconds: float
    database_seconds: float
    busy_seconds: float
    counters: Counters

    def wait_ms(self, share: float) -> float:
        """Return the time below which a share of the batches was answered."""
        return percentile(self.waits_ms, share)


def run_side_by_side(
    site: Site, works: Sequence[Beats | Grants], batch: int, seconds: float
) -> Stretch:
    """Drive one process for each work, all at once. Raises MeasurementFailed for any fault."""
    jobs = [Job(site.url, site.ledger.tenant_id, work, batch, seconds) for work in works]
    with ExitStack() as stack:
        children = [stack.enter_context(_child()) for _ in jobs]
        gauge = stack.enter_context(gauges(site.url))
        for child, job in zip(children, jobs, strict=True):
            _tell(child, msgspec.json.encode(job).decode())
        for child in children:
            _expect(child, "ready")
        busy, own, before = busy_seconds(), family_seconds(site.server_pid), gauge.counters()
        for child in children:
            _tell(child, "")
        outcomes = [msgspec.json.decode(_line(child), type=Driven) for child in children]
        busy, own = busy_seconds() - busy, family_seconds(site.server_pid) - own
        return _together(outcomes, busy, own, between(before, gauge.settled()))


def _together(outcomes: Sequence[Driven], busy: float, own: float, counters: Counters) -> Stretch:
    faults = [fault for outcome in outcomes for fault in outcome.faults]
    if faults:
        raise MeasurementFailed(f"the store refused: {faults[0]}")
    return Stretch(
        calls=sum(outcome.calls for outcome in outcomes),
        per_second=sum(outcome.calls / outcome.seconds for outcome in outcomes),
        seconds=max(outcome.seconds for outcome in outcomes),
        waits_ms=sorted(wait for outcome in outcomes for wait in outcome.waits_ms),
        driver_seconds=sum(outcome.processor_seconds for outcome in outcomes),
        database_seconds=own,
        busy_seconds=busy,
        counters=counters,
    )


def _child() -> _Child:
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.capacity.driver"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
        env={"PYTHONPATH": f"{REPOSITORY / 'backend'}:{REPOSITORY}"},
    )


def _tell(child: _Child, text: str) -> None:
    if child.stdin is None:
        raise AssertionError("a driver has a standard input")
    child.stdin.write(text + "\n")
    child.stdin.flush()


def _expect(child: _Child, word: str) -> None:
    if (said := _line(child).strip()) != word:
        raise MeasurementFailed(f"a driver said {said!r} in place of {word!r}")


def _line(child: _Child) -> str:
    if child.stdout is None:
        raise AssertionError("a driver has a standard output")
    return child.stdout.readline()
