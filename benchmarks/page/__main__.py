"""``python -m benchmarks.page``: measure everything that docs/benchmarks.md says, and write it.

``measure`` runs the benchmarks, about ten minutes, and writes the page from what they kept;
``write`` writes it from runs that were kept before: of one process, of many leases, of faults and
of overload.
"""

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.machine import REPOSITORY
from benchmarks.page.tables import Runs, all_tables
from benchmarks.report import RESULTS, Report, say

PAGE: Final = REPOSITORY / "docs/benchmarks.md"
PLOTS: Final = REPOSITORY / "docs/benchmarks"
_TEMPLATE: Final = Path(__file__).with_name("page.md")
_QUESTIONS: Final = ("durable_heartbeats", "heartbeat_latency", "acquire_release", "acquire_direct")
_PACE: Final = ("--rounds", "3", "--seconds", "2")
COMMANDS: Final[dict[str, tuple[str, ...]]] = {
    "bench": ("benchmarks", *_PACE, *(word for name in _QUESTIONS for word in ("--only", name))),
    "capacity": ("benchmarks.capacity", "--leases", "100000", "--rounds", "2", "--seconds", "2"),
    "faults": ("benchmarks.faults",),
    "load": ("benchmarks.load", "--only", "overload"),
}
_LONGEST_SECONDS: Final = 1_200


def main(arguments: list[str] | None = None) -> int:
    """Do what was asked for; return 2 when something could not be measured."""
    wanted = _parser().parse_args(arguments)
    try:
        kept = wanted.runs if wanted.what == "write" else measured(wanted.results)
    except subprocess.SubprocessError as error:
        print(f"not measured: {error}", file=sys.stderr)
        return 2
    from benchmarks.page.plots import draw  # noqa: PLC0415  only who writes plots needs matplotlib

    PAGE.write_text(page(kept), encoding="utf-8")
    draw(runs_in(kept), PLOTS)
    say(f"written: {PAGE.relative_to(REPOSITORY)} and {PLOTS.relative_to(REPOSITORY)}/*.png")
    return 0


def measured(results: Path) -> list[Path]:
    """Run every benchmark of the page one after the other; return what each kept.

    A missed target is a figure like others. Raises SubprocessError when one was not measured.
    """
    kept = []
    for name, words in COMMANDS.items():
        say(f"{name}: python -m {' '.join(words)}")
        before = set(results.glob("*.json"))
        command = [sys.executable, "-m", *words, "--results", str(results)]
        done = subprocess.run(command, cwd=REPOSITORY, timeout=_LONGEST_SECONDS, check=False)
        new = sorted(set(results.glob("*.json")) - before)
        if done.returncode not in {0, 1} or not new:
            raise subprocess.CalledProcessError(done.returncode, command)
        kept.append(new[-1])
    return kept


def page(kept: list[Path]) -> str:
    """Return the page that kept runs come to."""
    text = _TEMPLATE.read_text(encoding="utf-8")
    links = ", ".join(f"[{path.name}](../benchmarks/results/{path.name})" for path in kept)
    for name, table in {"runs": links, **all_tables(runs_in(kept))}.items():
        text = text.replace(f"{{{{{name}}}}}", table)
    return text


def runs_in(kept: list[Path]) -> Runs:
    """Return the runs that were kept, in the order of the commands."""
    reports = [msgspec.json.decode(path.read_bytes(), type=Report) for path in kept]
    return Runs(**dict(zip(COMMANDS, reports, strict=True)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.page", description="Measure and write docs/benchmarks.md."
    )
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the JSON is kept")
    what = parser.add_subparsers(dest="what", required=True)
    what.add_parser("measure", help="run the benchmarks, about ten minutes, and write the page")
    write = what.add_parser("write", help="write the page from kept runs")
    write.add_argument("runs", type=Path, nargs=len(COMMANDS), metavar="|".join(COMMANDS))
    return parser


if __name__ == "__main__":
    sys.exit(main())
