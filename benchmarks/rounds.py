"""Rounds: every row of a question once, in turn, again and again, so that noise hits all alike."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct

from benchmarks import calls
from benchmarks.figures import Figure, Row, Target, figure, percentile
from benchmarks.generator import Job
from benchmarks.machine import CORES
from benchmarks.meter import Outcome
from benchmarks.prepared import Ledger
from benchmarks.scripts import Fresh, Pairs, Repeat
from benchmarks.server import RunningServer

NOOP_ROW: Final = "no-op"
Script = Repeat | Fresh | Pairs
Outcomes = dict[str, list[Outcome]]


class Run(Struct, frozen=True):
    """What a question gets: the prepared folder, how long and how often, where to report to."""

    prepared: Path
    ledger: Ledger
    seconds: float
    rounds: int
    say: Callable[[str], None]


def alternate(
    run: Run,
    server: RunningServer,
    scripts: Mapping[str, Script],
    *,
    rate_per_second: float | None = None,
    connections: int = 48,
    before_round: Callable[[], None] = lambda: None,
) -> Outcomes:
    """Return the outcomes of every script, and of the no-op, which goes first in each round."""
    outcomes: Outcomes = {name: [] for name in (NOOP_ROW, *scripts)}
    for number in range(1, run.rounds + 1):
        before_round()
        for name, script in {NOOP_ROW: calls.NOOP, **scripts}.items():
            job = Job(
                port=server.port,
                server_pid=server.pid,
                script=script,
                seconds=run.seconds,
                connections=connections,
                rate_per_second=rate_per_second,
            )
            outcome = server.load(job)
            outcomes[name].append(outcome)
            run.say(f"round {number} of {run.rounds}, {name}: {rate(outcome):,.0f} answers/s")
    return outcomes


def rate(outcome: Outcome, status: int | None = None) -> float:
    """Return the answers per second, all or those with one status."""
    counted = sum(outcome.answers.values()) if status is None else outcome.answers.get(status, 0)
    return counted / outcome.seconds


def throughput_row(
    name: str,
    outcomes: Outcomes,
    *,
    unit: str,
    status: int | None = None,
    targets: Mapping[str, Target] | None = None,
) -> Row:
    """Return rate, share of the no-op in the same round, and server CPU of each thing counted.

    ``status`` picks the answers that count; without it all do. ``targets`` are by figure name.
    """
    aims = targets or {}
    own, noop = outcomes[name], outcomes[NOOP_ROW]
    rates = [rate(outcome, status) for outcome in own]
    shares = [mine / rate(base) for mine, base in zip(rates, noop, strict=True)]
    costs = [
        1e6 * outcome.server_seconds / (counted * outcome.seconds)
        for outcome, counted in zip(own, rates, strict=True)
    ]
    figures = [
        figure("rate", f"{unit}/s", rates, aims.get("rate")),
        figure("server CPU", f"µs/{unit.removesuffix('s')}", costs, aims.get("server CPU")),
    ]
    if name != NOOP_ROW:
        figures.insert(1, figure("of the no-op", "ratio", shares, aims.get("of the no-op")))
    return Row(name, [*figures, foreign_cpu(own)])


def latency_row(name: str, outcomes: Outcomes, targets: Mapping[str, Target]) -> Row:
    """Return the latency percentiles of each round, from the instant a request was due."""
    own = outcomes[name]
    shares = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999, "longest": 1.0}
    figures = [
        figure(
            title,
            "ms",
            [percentile(outcome.latencies_ms, share) for outcome in own],
            targets.get(title),
        )
        for title, share in shares.items()
    ]
    late = figure("of it before sending, p50", "ms", [outcome.lateness_ms for outcome in own])
    return Row(name, [*figures, late, foreign_cpu(own)])


def foreign_cpu(outcomes: list[Outcome]) -> Figure:
    """Return the share of all cores that neither server nor load generator had while measured."""
    return figure(
        "foreign CPU",
        "% of cores",
        [
            100
            * max(0.0, outcome.busy_seconds - outcome.server_seconds - outcome.generator_seconds)
            / (outcome.seconds * CORES)
            for outcome in outcomes
        ],
    )
