"""The figures of docs/capacity.md are those of the run that it names, by its formulas."""

import re
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
DOCUMENT = (REPOSITORY / "docs" / "capacity.md").read_text(encoding="utf-8")


def kept_run() -> Path:
    """Return the kept run that the document links to."""
    found = re.search(r"\(\.\./(benchmarks/results/[^)]+\.json)\)", DOCUMENT)
    assert found is not None
    return REPOSITORY / found[1]


def test_the_tables_are_what_the_kept_run_comes_to() -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "benchmarks.capacity.sizing", str(kept_run())],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout

    tables = [table.strip() for table in printed.split("\n\n")]

    assert len(tables) == 4
    for table in tables:
        assert table in DOCUMENT
