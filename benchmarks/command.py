"""What the benchmarks' commands have in common: their options, and what they do with a report."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.machine import NotMeasurable
from benchmarks.report import RESULTS, Report, keep, print_table, status_of


def add_options(parser: argparse.ArgumentParser, *, rounds: int, made_there: str) -> None:
    """Add how long and how often to measure, where, and what to do about it."""
    parser.add_argument(
        "--seconds", type=float, default=3.0, help="how long each row is loaded in a round (3)"
    )
    parser.add_argument("--rounds", type=int, default=rounds, help=f"how many rounds ({rounds})")
    parser.add_argument(
        "--enforce", action="store_true", help="end with status 1 when a target is missed"
    )
    parser.add_argument(
        "--directory",
        help=f"where {made_there} made; must be on a disk (the temporary folder)",
    )
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the JSON is kept")


def carry_out(
    measure: Callable[[argparse.Namespace], Report],
    wanted: argparse.Namespace,
    *,
    obstacles: tuple[type[Exception], ...] = (NotMeasurable,),
) -> int:
    """Measure, show and keep the report, and return the exit status.

    0 when everything was measured; 1 with ``--enforce`` when a target was missed; 2 when
    something could not be measured. What could be is shown and kept all the same.
    """
    try:
        report = measure(wanted)
    except obstacles as error:
        print(f"not measured: {error}", file=sys.stderr)
        return 2
    print_table(report.answers)
    print(f"\nkept in {keep(report, wanted.results)}")
    return status_of(report, enforce=wanted.enforce)
