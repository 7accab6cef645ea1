"""The simulation is worth something: it catches every bug that is planted."""

import re
from pathlib import Path

import pytest

from tests.support.simulation.bugs import BUGS
from tests.support.simulation.runs import Order, play

MOST_SEEDS = 5
DOCUMENT = Path(__file__).parents[3] / "docs" / "simulation.md"


@pytest.mark.parametrize("name", BUGS)
def test_the_simulation_catches(migrated_database: Path, name: str) -> None:
    bug = BUGS[name]

    for seed in range(bug.seed, bug.seed + MOST_SEEDS):
        verdict = play(Order(seed, bug.operations, name), migrated_database)
        if verdict.broken:
            break

    assert verdict.broken == bug.caught_by, verdict.about


def test_the_document_says_what_catches_which() -> None:
    rows = re.findall(r"^\| ([a-z][^|]*) \| (\w+) \|", DOCUMENT.read_text(), re.MULTILINE)

    assert dict(rows) == {name: bug.caught_by for name, bug in BUGS.items()}
