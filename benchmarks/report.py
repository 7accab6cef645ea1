"""A run as it is printed and kept."""

import sys
import time
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from benchmarks.figures import Answer, Figure, shown
from benchmarks.machine import Machine, Software

RESULTS: Final = Path(__file__).parent / "results"
_LINE: Final = "{:<24} {:<28} {:>10} {:>10} {:>10}  {:<16} {}"


class Report(Struct, frozen=True):
    """One run, as it is kept; ``database`` are version and settings of PostgreSQL, if it ran."""

    began_at: str
    seconds_per_round: float
    rounds: int
    machine: Machine
    software: Software
    answers: list[Answer]
    failures: list[str]
    database: dict[str, str] = {}


def print_table(answers: list[Answer]) -> None:
    """Print every figure: the median of the rounds, and the lowest and highest."""
    for answer in answers:
        print(f"\n{answer.question}: {answer.asks}")
        print(_LINE.format("", "", "median", "lowest", "highest", "unit", "target"))
        for row in answer.rows:
            for number, figure in enumerate(row.figures):
                _print_figure("" if number else row.name, figure)
        for remark in answer.remarks:
            print(f"  ({remark})")


def _print_figure(row: str, figure: Figure) -> None:
    verdict = (
        "" if figure.target is None else f"{figure.target} {'ok' if figure.is_met else 'MISSED'}"
    )
    values = (shown(value) for value in (figure.median, figure.lowest, figure.highest))
    print(_LINE.format(row, figure.name, *values, figure.unit, verdict).rstrip())


def status_of(report: Report, *, enforce: bool) -> int:
    """Say what was missed or failed and return the exit status."""
    misses = [miss for answer in report.answers for miss in answer.misses()]
    for miss in misses:
        print(f"target missed: {miss}")
    for failure in report.failures:
        print(f"not measured: {failure}", file=sys.stderr)
    if report.failures:
        return 2
    return 1 if misses and enforce else 0


def keep(report: Report, directory: Path) -> Path:
    """Write a run into a folder and return the file."""
    directory.mkdir(parents=True, exist_ok=True)
    began_at = report.began_at[:19].replace("-", "").replace(":", "")
    path = directory / f"{began_at}Z-{report.software.commit[:12]}.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    return path


def say(text: str) -> None:
    """Print what is being done, with the time."""
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)
