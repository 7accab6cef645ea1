"""The page about what make infra proves names every part of it, and no other."""

import re

from support.server import REPOSITORY

PAGE = REPOSITORY / "docs/infrastructure.md"
TEXT = PAGE.read_text()
HOLDS_TRAFFIC_ALONE = {"traffic"}


def rows(text: str) -> dict[str, list[str]]:
    """Return the cells of the table of validators by the parts in their first one."""
    table = text.partition("| part | with |")[2].partition("\n\n")[0]
    cells = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| `")]
    return {part: row[1:] for row in cells for part in re.findall(r"`([\w/]+)`", row[0])}


def parts() -> set[str]:
    """Return the folders of tests/deploy that hold tests or what they send."""
    folders = (REPOSITORY / "tests/deploy").iterdir()
    return {folder.name for folder in folders if folder.is_dir() and any(folder.glob("*.py"))}


def test_every_part_of_make_infra_has_its_row() -> None:
    assert rows(TEXT).keys() - {"tests/monitoring"} == parts() - HOLDS_TRAFFIC_ALONE


def test_every_part_says_what_it_proves_and_what_it_refuses() -> None:
    for part, (uses, proves, refuses, *_) in rows(TEXT).items():
        assert uses.strip(), part
        assert proves.strip(), part
        assert refuses.strip(), part


def test_every_link_leads_to_something() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)", TEXT)

    assert len(links) > 10
    assert [link for link in links if not (PAGE.parent / link).exists()] == []


def test_a_part_without_a_row_is_noticed() -> None:
    without = TEXT.replace("| `network` |", "| `nothing` |")

    assert parts() - HOLDS_TRAFFIC_ALONE - rows(without).keys() == {"network"}
