"""Every invariant of the documents is proven by a test that carries its id."""

import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
DOCUMENTS = [REPOSITORY / "README.md", *(REPOSITORY / "docs").rglob("*.md")]
TESTS = [
    test
    for folder in ("backend/tests", "tests", "sdk/tests", "token/tests")
    for test in (REPOSITORY / folder).rglob("test_*.py")
]


def stated() -> list[str]:
    """Return the ids of the table, in order."""
    table = (REPOSITORY / "docs/invariants.md").read_text()
    return re.findall(r"^\| (S\d+) \|", table, re.MULTILINE)


def proven() -> set[str]:
    """Return the ids that stand in the names of tests."""
    carried = re.compile(r"^ *def test_(?:\w+_)?s\d+_", re.MULTILINE)
    names = [name for test in TESTS for name in carried.findall(test.read_text())]
    return {number.upper() for name in names for number in re.findall(r"_(s\d+)(?=_)", name)}


def test_every_stated_invariant_is_proven_by_a_test_of_its_name() -> None:
    assert stated() == [f"S{number}" for number in range(1, 18)]
    assert set(stated()) == proven()


def test_every_id_in_the_documents_is_explained() -> None:
    used = {
        number for document in DOCUMENTS for number in re.findall(r"\bS\d+\b", document.read_text())
    }

    assert used <= set(stated())
