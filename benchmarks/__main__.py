"""``python -m benchmarks``: answer the questions, print a table, keep the figures as JSON."""

import argparse
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from benchmarks import (
    acquire_direct,
    acquire_release,
    admission,
    drf_comparison,
    durable_heartbeats,
    heartbeat_latency,
    metrics,
    offline_verify,
    server_memory,
    signing_latency,
)
from benchmarks.command import add_options, carry_out
from benchmarks.figures import Answer
from benchmarks.machine import describe_machine, describe_software
from benchmarks.prepared import prepare_ledger
from benchmarks.report import Report, say
from benchmarks.rounds import Run
from benchmarks.server import MeasurementFailed

QUESTIONS: Final[dict[str, Callable[[Run], Answer]]] = {
    "durable_heartbeats": durable_heartbeats.answer,
    "heartbeat_latency": heartbeat_latency.answer,
    "acquire_release": acquire_release.answer,
    "acquire_direct": acquire_direct.answer,
    "admission": admission.answer,
    "metrics": metrics.answer,
    "offline_verify": offline_verify.answer,
    "server_memory": server_memory.answer,
    "signing_latency": signing_latency.answer,
    "drf_comparison": drf_comparison.answer,
}


def main(arguments: list[str] | None = None) -> int:
    """Answer the questions asked for and return the exit status, as ``carry_out`` does."""
    return carry_out(_measure, _parser().parse_args(arguments))


def _measure(wanted: argparse.Namespace) -> Report:
    began_at = datetime.now(UTC)
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=wanted.directory) as directory:
        machine = describe_machine(Path(directory))
        prepared = Path(directory) / "prepared"
        say("preparing a data folder with its RSA-4096 root key")
        ledger = prepare_ledger(prepared)
        run = Run(prepared, ledger, wanted.seconds, wanted.rounds, say)
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
        say(f"{name}:")
        try:
            answers.append(QUESTIONS[name](run))
        except MeasurementFailed as error:
            failures.append(f"{name}: {error}")
    return answers, failures


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Answer questions of speed and size; see README.md.",
    )
    parser.add_argument(
        "--only", action="append", choices=list(QUESTIONS), help="answer this one; may be repeated"
    )
    add_options(parser, rounds=5, made_there="data folders are")
    return parser


if __name__ == "__main__":
    sys.exit(main())
