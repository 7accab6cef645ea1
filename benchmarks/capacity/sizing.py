"""``python -m benchmarks.capacity.sizing RESULT.json``: the tables of docs/capacity.md.

Every number comes from one kept run by the formulas of that document. Pure but for reading it.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from benchmarks.figures import Figure, Row, shown
from benchmarks.report import Report

SIZES: Final = (10_000, 100_000, 1_000_000, 10_000_000)
INTERVALS_SECONDS: Final = (120, 300)
_SECONDS_OF_DAY: Final = 86_400
_CHECKPOINTS_OF_DAY: Final = _SECONDS_OF_DAY / 900
_PAGE_BYTES: Final = 8_192
_TABLES_TOUCHED: Final = 2
"""Seats and instances; their rows are of about one size."""

_GIGA: Final = 1e9


class Costs(Struct, frozen=True):
    """What a run says that one lease and one heartbeat of an SDK client cost.

    Such a client names its instance, and every second heartbeat brings it a token.
    """

    database_us: float
    server_us: float
    wal_bytes: float
    lease_bytes: float
    seats_on_a_page: float
    heartbeats_per_second: float


def costs_of(report: Report) -> Costs:
    """Return the costs that a run measured at its largest size."""
    beats = {row.name: row for row in _rows(report, "store_heartbeats")}
    tables = _rows(report, "tables")[-1]
    largest = tables.name.removesuffix(" leases")
    plain, token, instance = (
        beats[f"{kind}, {largest}"] for kind in ("heartbeat", "with a token", "of an instance")
    )

    def of_client(name: str) -> float:
        extra = _median(token, name) - _median(plain, name)
        return _median(instance, name) + max(0.0, extra) / 2

    http = {row.name: row for row in _rows(report, "over_http")}
    return Costs(
        database_us=of_client("database CPU"),
        server_us=_median(http["heartbeat"], "server CPU"),
        wal_bytes=of_client("WAL"),
        lease_bytes=sum(_median(tables, name) for name in ("seat", "license_session"))
        + _median(tables, "seat_instance"),
        seats_on_a_page=_median(tables, "seats on a page"),
        heartbeats_per_second=_median(plain, "rate"),
    )


def sizing(costs: Costs) -> Iterator[str]:
    """Yield the sizing table, a line of Markdown at a time."""
    yield (
        "| live leases | a heartbeat every | heartbeats/s | database cores | server cores "
        "| WAL GB/day | tables GB | of the store's rate |"
    )
    yield "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    for leases in SIZES:
        for interval in INTERVALS_SECONDS:
            yield _line(costs, leases, interval)


def growth(report: Report) -> Iterator[str]:
    """Yield what was measured at each size, a line of Markdown at a time."""
    beats = {row.name: row for row in _rows(report, "store_heartbeats")}
    yield (
        "| live leases | heartbeats/s | a batch waits p50 / p99 / p99.9, ms | WAL B each "
        "| HOT updates | CPU of store / database, µs | seat table B/lease | reaper's round, ms |"
    )
    yield "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    for table in _rows(report, "tables"):
        size = table.name.removesuffix(" leases")
        row = beats[f"heartbeat, {size}"]
        waits = " / ".join(
            f"{_median(row, f'wait of a batch, {share}'):.0f}" for share in ("p50", "p99", "p99.9")
        )
        yield _growth_line(size, row, waits, table)


def others(report: Report) -> Iterator[str]:
    """Yield every figure that has a target, a line of Markdown at a time."""
    yield "| question | row | figure | median | lowest | highest | target |"
    yield "| --- | --- | --- | ---: | ---: | ---: | --- |"
    for answer in report.answers:
        for row in answer.rows:
            for one in row.figures:
                if one.target is not None:
                    values = (shown(value) for value in (one.median, one.lowest, one.highest))
                    verdict = f"{one.target}, {'met' if one.is_met else 'missed'}"
                    what = f"{answer.question} | {row.name} | {one.name}, {one.unit}"
                    yield f"| {what} | {' | '.join(values)} | {verdict} |"


def costs_table(costs: Costs) -> Iterator[str]:
    """Yield the costs by the letters of the formulas, a line of Markdown at a time."""
    yield "| letter | what | measured |"
    yield "| --- | --- | ---: |"
    yield f"| d | database CPU of a heartbeat | {costs.database_us:.0f} µs |"
    yield f"| s | server CPU of a heartbeat, HTTP and store | {costs.server_us:.0f} µs |"
    yield f"| w | log of a heartbeat | {costs.wal_bytes:.0f} B |"
    yield f"| b | tables of a lease, indexes included | {costs.lease_bytes:.0f} B |"
    yield f"| p | seats on a page | {costs.seats_on_a_page:.0f} |"


def _growth_line(size: str, row: Row, waits: str, table: Row) -> str:
    reaper = _median(table, "reaper's round")
    cpu = f"{_median(row, 'store CPU'):.0f} / {_median(row, 'database CPU'):.0f}"
    return (
        f"| {size} | {_median(row, 'rate'):,.0f} | {waits} | {_median(row, 'WAL'):.0f} "
        f"| {_median(row, 'HOT updates'):.3f} | {cpu} | {_median(table, 'seat'):.0f} "
        f"| {reaper:.0f} |"
    )


def _line(costs: Costs, leases: int, interval: int) -> str:
    beats = leases / interval
    pages = _TABLES_TOUCHED * leases / costs.seats_on_a_page * _CHECKPOINTS_OF_DAY * _PAGE_BYTES
    wal = (beats * _SECONDS_OF_DAY * costs.wal_bytes + pages) / _GIGA
    return (
        f"| {leases:,} | {interval} s | {beats:,.0f} | {beats * costs.database_us / 1e6:.2f} "
        f"| {beats * costs.server_us / 1e6:.2f} | {wal:,.1f} "
        f"| {leases * costs.lease_bytes / _GIGA:.2f} "
        f"| {100 * beats / costs.heartbeats_per_second:,.0f} % |"
    )


def _rows(report: Report, question: str) -> Sequence[Row]:
    return next(answer.rows for answer in report.answers if answer.question == question)


def _median(row: Row, name: str) -> float:
    found: Figure = next(figure for figure in row.figures if figure.name == name)
    return found.median


def main() -> None:
    """Print the tables of the run named on the command line."""
    report = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Report)
    costs = costs_of(report)
    tables = (growth(report), others(report), costs_table(costs), sizing(costs))
    print("\n\n".join("\n".join(table) for table in tables))


if __name__ == "__main__":
    main()
