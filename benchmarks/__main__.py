"""``python -m benchmarks``: answer the questions, print a table, keep the figures as JSON."""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from benchmarks import (
    acquire_direct,
    acquire_release,
    drf_comparison,
    durable_heartbeats,
    heartbeat_latency,
    offline_verify,
    server_memory,
)
from benchmarks.figures import Answer, Figure, shown
from benchmarks.machine import (
    Machine,
    NotMeasurable,
    Software,
    describe_machine,
    describe_software,
)
from benchmarks.prepared import prepare_ledger
from benchmarks.rounds import Run
from benchmarks.server import MeasurementFailed

RESULTS: Final = Path(__file__).parent / "results"
QUESTIONS: Final[dict[str, Callable[[Run], Answer]]] = {
    "durable_heartbeats": durable_heartbeats.answer,
    "heartbeat_latency": heartbeat_latency.answer,
    "acquire_release": acquire_release.answer,
    "acquire_direct": acquire_direct.answer,
    "offline_verify": offline_verify.answer,
    "server_memory": server_memory.answer,
    "drf_comparison": drf_comparison.answer,
}
_LINE: Final = "{:<24} {:<28} {:>10} {:>10} {:>10}  {:<16} {}"


class Report(Struct, frozen=True):
    """One run, as it is kept."""

    began_at: str
    seconds_per_round: float
    rounds: int
    machine: Machine
    software: Software
    answers: list[Answer]
    failures: list[str]


def main(arguments: list[str] | None = None) -> int:
    """Answer the questions asked for and return the exit status.

    0 when everything was measured; 1 with ``--enforce`` when a target was missed; 2 when
    something could not be measured. What could be is shown and kept all the same.
    """
    wanted = _parser().parse_args(arguments)
    try:
        report = _measure(wanted)
    except NotMeasurable as error:
        print(f"not measured: {error}", file=sys.stderr)
        return 2
    print_table(report.answers)
    print(f"\nkept in {_keep(report, wanted.results)}")
    return _status(report, enforce=wanted.enforce)


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


def _status(report: Report, *, enforce: bool) -> int:
    misses = [miss for answer in report.answers for miss in answer.misses()]
    for miss in misses:
        print(f"target missed: {miss}")
    for failure in report.failures:
        print(f"not measured: {failure}", file=sys.stderr)
    if report.failures:
        return 2
    return 1 if misses and enforce else 0


def _measure(wanted: argparse.Namespace) -> Report:
    began_at = datetime.now(UTC)
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=wanted.directory) as directory:
        machine = describe_machine(Path(directory))
        prepared = Path(directory) / "prepared"
        _say("preparing a data folder with its RSA-4096 root key")
        ledger = prepare_ledger(prepared)
        run = Run(prepared, ledger, wanted.seconds, wanted.rounds, _say)
        answers, failures = _ask(wanted.only or list(QUESTIONS), run)
    return Report(
        began_at=began_at.isoformat(timespec="seconds"),
        seconds_per_round=wanted.seconds,
        rounds=wanted.rounds,
        machine=machine,
        software=describe_software(),
        answers=answers,
        failures=failures,
    )


def _ask(names: list[str], run: Run) -> tuple[list[Answer], list[str]]:
    answers, failures = [], []
    for name in names:
        _say(f"{name}:")
        try:
            answers.append(QUESTIONS[name](run))
        except MeasurementFailed as error:
            failures.append(f"{name}: {error}")
    return answers, failures


def _keep(report: Report, directory: Path) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    began_at = report.began_at[:19].replace("-", "").replace(":", "")
    path = directory / f"{began_at}Z-{report.software.commit[:12]}.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    return path


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Answer questions of speed and size; see README.md.",
    )
    parser.add_argument(
        "--seconds", type=float, default=3.0, help="how long each row is loaded in a round (3)"
    )
    parser.add_argument("--rounds", type=int, default=5, help="how many rounds (5)")
    parser.add_argument(
        "--only", action="append", choices=list(QUESTIONS), help="answer this one; may be repeated"
    )
    parser.add_argument(
        "--enforce", action="store_true", help="end with status 1 when a target is missed"
    )
    parser.add_argument(
        "--directory", help="where data folders are made; must be on a disk (the temporary folder)"
    )
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the JSON is kept")
    return parser


if __name__ == "__main__":
    sys.exit(main())
