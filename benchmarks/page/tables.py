"""The tables of docs/benchmarks.md from kept runs. Pure; a test compares them with the page."""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from benchmarks.capacity import sizing
from benchmarks.figures import Answer, Row, shown
from benchmarks.report import Report

NOOP: Final = "no-op"
TIMELINES: Final = {
    "postgresql_killed": "Heartbeats while PostgreSQL is killed",
    "kms_hangs_heartbeats": "Heartbeats while Cloud KMS hangs",
    "kms_hangs_tokens": "Acquires of `license_token` meanwhile",
    "kms_hangs_statements": "Acquires of `license_data` meanwhile",
}
_THROUGHPUT: Final = ("durable_heartbeats", "acquire_release", "acquire_direct")


class Runs(Struct, frozen=True):
    """The kept runs of a page: one process, many leases, faults, five times overload."""

    bench: Report
    capacity: Report
    faults: Report
    load: Report


def all_tables(runs: Runs) -> dict[str, str]:
    """Return every table of the page by the name of its place."""
    tables = {
        "machine": _machine(runs.bench),
        "throughput": _throughput(runs.bench),
        "latency": _latency(runs.bench),
        "growth": sizing.growth(runs.capacity),
        "growth-noop": _noop(answer_of(runs.capacity, "over_http")),
        "overload": _figures(answer_of(runs.load, "overload")),
        **{
            name: _timeline(answer_of(runs.faults, name), title)
            for name, title in TIMELINES.items()
        },
    }
    return {name: "\n".join(lines) for name, lines in tables.items()}


def answer_of(report: Report, question: str) -> Answer:
    """Return one answer of a run. Raises LookupError when it is not there."""
    for one in report.answers:
        if one.question == question:
            return one
    raise LookupError(f"the run of {report.began_at} did not ask {question}")


def median_of(row: Row, name: str) -> float | None:
    """Return the median of a row's figure, None when the row has none."""
    return next((one.median for one in row.figures if one.name == name), None)


def _machine(report: Report) -> Iterator[str]:
    machine, software = report.machine, report.software
    yield "| | |"
    yield "| --- | --- |"
    yield f"| processor | {machine.processor}, {machine.cores} cores |"
    yield f"| memory | {machine.memory_mib:,} MiB |"
    yield f"| system | Linux {machine.kernel}, {machine.filesystem} |"
    yield f"| durable writes of 4 KiB, one after the other | {machine.durable_writes_per_second:,}/s |"
    optimized = "" if software.python_is_optimized else ", built without optimizations"
    yield f"| Python | {software.python.split()[0]}{optimized} |"
    yield f"| SQLite, OpenSSL | {software.sqlite}; {software.openssl} |"


def _throughput(report: Report) -> Iterator[str]:
    yield "| question | row | a second, median | lowest | highest | of the no-op | server CPU, µs |"
    yield "| --- | --- | ---: | ---: | ---: | ---: | ---: |"
    for question in _THROUGHPUT:
        for row in answer_of(report, question).rows:
            rate = next((one for one in row.figures if one.name == "rate"), None)
            if rate is None:
                continue
            rates = (shown(value) for value in (rate.median, rate.lowest, rate.highest))
            others = (_cell(row, name) for name in ("of the no-op", "server CPU"))
            yield f"| {question} | {row.name} | {' | '.join([*rates, *others])} |"


def _latency(report: Report) -> Iterator[str]:
    names = ("p50", "p99", "p99.9", "longest")
    yield f"| at 1,000/s | {' | '.join(f'{name}, ms' for name in names)} |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for row in answer_of(report, "heartbeat_latency").rows:
        yield f"| {row.name} | {' | '.join(_cell(row, name) for name in names)} |"


def _noop(answer: Answer) -> Iterator[str]:
    row = next(row for row in answer.rows if row.name == NOOP)
    yield f"The no-op of the same run: {_cell(row, 'rate')}/s."


def _figures(answer: Answer) -> Iterator[str]:
    yield "| row | figure | value | limit |"
    yield "| --- | --- | ---: | --- |"
    for row in answer.rows:
        for one in row.figures:
            verdict = f"{one.target}, {'met' if one.is_met else 'missed'}" if one.target else ""
            unit = f", {one.unit}" if one.unit else ""
            yield f"| {row.name} | {one.name}{unit} | {shown(one.median)} | {verdict} |"


def _timeline(answer: Answer, title: str) -> Iterator[str]:
    """Yield every other slice, which are half a second each; the plot has all."""
    names = ("answered well", "refused", "no answer", "p50", "p99")
    noop = next(row for row in answer.rows if row.name == NOOP)
    yield f"{title} ({answer.remarks[0]}; no-op of the same server {_cell(noop, 'rate')}/s):"
    yield ""
    yield "| at | answered well/s | refused/s | no answer/s | p50, ms | p99, ms |"
    yield "| ---: | ---: | ---: | ---: | ---: | ---: |"
    slices = [row for row in answer.rows if row.name != NOOP]
    for row in slices[::2]:
        yield f"| {row.name} | {' | '.join(_cell(row, name) for name in names)} |"


def _cell(row: Row, name: str) -> str:
    median = median_of(row, name)
    return "" if median is None else shown(median)
