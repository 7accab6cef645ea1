"""docs/reliability.md names every planted bug with what finds it, and every fault with its test."""

import re
from pathlib import Path

from tests.support import duels, planted_bugs, planted_engine, planted_postgres

REPOSITORY = Path(__file__).resolve().parents[3]
DOCUMENT = (REPOSITORY / "docs/reliability.md").read_text()


def planted() -> list[str]:
    """Return the rows of the table of planted bugs, as the code has them."""
    rows = []
    for where, bugs in (
        ("SQLite", planted_bugs.PLANTED),
        ("PostgreSQL", planted_postgres.PLANTED),
    ):
        rows += [
            f"| {where} store | {bug} | drill | {', '.join(sorted(broken))} |"
            for bug, (_, broken) in bugs.items()
        ]
    rows += [
        f"| PostgreSQL store | {bug} | duel: {fight.__name__.replace('_', ' ')} | {broken} |"
        for bug, (fight, broken) in duels.DUELS.items()
    ]
    rows += [
        f"| engine | {bug} | rush | {broken} |"
        for bug, (_, broken) in planted_engine.PLANTED.items()
    ]
    return [*rows, "| database | does not wait for its log | kills | S14 |"]


def rows_of(heading: str) -> list[str]:
    """Return the rows of the table under a heading of the document."""
    section = DOCUMENT.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return [line for line in section.splitlines() if line.startswith("| ")][2:]


def test_every_planted_bug_is_in_the_table_with_what_finds_it() -> None:
    assert rows_of("Planted bugs") == planted()


def test_every_bug_that_races_has_its_duel() -> None:
    assert list(duels.DUELS) == list(planted_postgres.RACING)


def test_every_fault_of_the_table_is_a_file_and_every_file_is_in_it() -> None:
    files = {path.name for path in (REPOSITORY / "tests/faults").glob("test_*.py")}

    named = set(re.findall(r"`(test_\w+\.py)`", "\n".join(rows_of("The faults"))))

    assert named == files
