"""docs/benchmarks.md is what the command writes from the runs that it names."""

import re
from pathlib import Path

from benchmarks.page.__main__ import COMMANDS, PAGE, page
from benchmarks.page.tables import TIMELINES

REPOSITORY = Path(__file__).resolve().parents[2]
DOCUMENT = PAGE.read_text(encoding="utf-8")


def kept_runs() -> list[Path]:
    """Return the kept runs that the document links to."""
    found = re.findall(r"\(\.\./(benchmarks/results/[^)]+\.json)\)", DOCUMENT)
    return [REPOSITORY / path for path in found]


def test_the_page_is_what_the_kept_runs_come_to() -> None:
    assert len(kept_runs()) == len(COMMANDS)
    assert page(kept_runs()) == DOCUMENT
    assert "{{" not in DOCUMENT


def test_every_plot_of_the_page_is_there_and_none_besides() -> None:
    linked = set(re.findall(r"\((benchmarks/\w+\.png)\)", DOCUMENT))
    there = {f"benchmarks/{path.name}" for path in (REPOSITORY / "docs/benchmarks").glob("*")}

    assert linked == there
    assert len(linked) == 4 + len(TIMELINES)


def test_every_fault_and_the_overload_name_the_noop_of_their_run() -> None:
    assert DOCUMENT.count("no-op of the same server") == len(TIMELINES)
    assert re.search(r"\| no-op \| rate, calls/s \| [\d,]+ \|", DOCUMENT)
