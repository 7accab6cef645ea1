"""The plots of docs/benchmarks.md from kept runs, as PNG.

Needs matplotlib, from requirements/bench.in.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl

mpl.use("Agg")


from benchmarks.figures import Row
from benchmarks.load.judging import SHED_FIRST
from benchmarks.page.tables import NOOP, TIMELINES, Runs, answer_of, median_of

FILES: Final = ("throughput", "latency", "growth", "overload", *TIMELINES)
_SIZE: Final = (8.0, 3.4)
_DPI: Final = 110


def draw(runs: Runs, folder: Path) -> None:
    """Write every plot into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    _throughput(runs, folder)
    _latency(runs, folder)
    _growth(runs, folder)
    _overload(runs, folder)
    for name, title in TIMELINES.items():
        _timeline(answer_of(runs.faults, name).rows, title, folder / f"{name}.png")


def _throughput(runs: Runs, folder: Path) -> None:
    rows = [
        (f"{question.replace('_', ' ')}: {row.name}", row)
        for question in ("durable_heartbeats", "acquire_release", "acquire_direct")
        for row in answer_of(runs.bench, question).rows
        if median_of(row, "rate") is not None
    ]
    figure, axes = plt.subplots(figsize=(_SIZE[0], 0.32 * len(rows) + 1))
    axes.barh([name for name, _ in rows], [median_of(row, "rate") for _, row in rows])
    axes.invert_yaxis()
    axes.set_xlabel("a second, one process, everything durable")
    _save(figure, folder / "throughput.png")


def _latency(runs: Runs, folder: Path) -> None:
    names = ("p50", "p99", "p99.9", "longest")
    figure, axes = plt.subplots(figsize=_SIZE)
    for row in answer_of(runs.bench, "heartbeat_latency").rows:
        axes.plot(names, [median_of(row, name) for name in names], marker="o", label=row.name)
    axes.set_yscale("log")
    axes.set_ylabel("ms, from when it was due")
    axes.set_title("1,000 calls a second")
    axes.legend()
    _save(figure, folder / "latency.png")


def _growth(runs: Runs, folder: Path) -> None:
    rows = answer_of(runs.capacity, "store_heartbeats").rows
    figure, axes = plt.subplots(figsize=_SIZE)
    for kind in ("heartbeat", "with a token", "of an instance"):
        measured = [row for row in rows if row.name.startswith(f"{kind}, ")]
        leases = [
            int(row.name.rpartition(", ")[2].replace(",", "") or 0) for row in _sized(measured)
        ]
        axes.plot(
            leases, [median_of(row, "rate") for row in _sized(measured)], marker="o", label=kind
        )
    axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    axes.set_xlabel("live leases")
    axes.set_ylabel("durable heartbeats a second")
    axes.legend()
    _save(figure, folder / "growth.png")


def _overload(runs: Runs, folder: Path) -> None:
    rows = {row.name: row for row in answer_of(runs.load, "overload").rows}
    kinds = [kind for kind in SHED_FIRST if kind in rows]
    figure, axes = plt.subplots(figsize=_SIZE)
    axes.bar(kinds, [100 * (median_of(rows[kind], "shed") or 0) for kind in kinds])
    axes.set_ylabel("turned away, %")
    axes.set_title("at five times what the server carries")
    _save(figure, folder / "overload.png")


def _timeline(rows: Sequence[Row], title: str, path: Path) -> None:
    slices = [row for row in rows if row.name != NOOP]
    at = [float(row.name.removesuffix(" s")) for row in slices]
    figure, (rates, times) = plt.subplots(2, 1, figsize=(_SIZE[0], 4.6), sharex=True)
    for name in ("answered well", "refused", "no answer"):
        rates.plot(at, [median_of(row, name) for row in slices], label=name)
    rates.set_ylabel("calls/s")
    rates.set_title(title.replace("`", ""))
    rates.legend()
    for name in ("p50", "p99"):
        times.plot(at, [max(0.1, median_of(row, name) or 0) for row in slices], label=name)
    times.set_yscale("log")
    times.set_ylabel("ms")
    times.set_xlabel("seconds")
    times.legend()
    _save(figure, path)


def _save(figure: Any, path: Path) -> None:
    figure.tight_layout()
    figure.savefig(path, dpi=_DPI, metadata={"Software": None})
    plt.close(figure)
