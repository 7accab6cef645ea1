"""The how-to and the decision name what is there."""

import re
from pathlib import Path

import pytest

from scripts.monitoring.rule_files import MONITORING, alerts

REPOSITORY = Path(__file__).resolve().parents[2]
HOW_TO = REPOSITORY / "docs/how-to/observe.md"
DECISION = REPOSITORY / "docs/adr/0026-alerts-and-dashboards.md"


@pytest.mark.parametrize("page", [HOW_TO, DECISION], ids=lambda page: page.stem)
def test_every_link_leads_to_a_file(page: Path) -> None:
    for link in re.findall(r"\]\((?!http)([^)#]+)", page.read_text()):
        assert (page.parent / link).exists(), link


def test_the_files_of_the_how_to_are_there() -> None:
    named = re.findall(r"^\| `([^`]+)` \|", HOW_TO.read_text(), re.MULTILINE)

    assert len(named) == 5
    assert all([*MONITORING.glob(pattern)] for pattern in named)


def test_the_tasks_of_the_how_to_are_there() -> None:
    tasks = set(re.findall(r"make ([a-z]+)", HOW_TO.read_text()))

    assert tasks == {"observe", "run", "monitoring", "test", "infra"}
    makefile = (REPOSITORY / "Makefile").read_text()
    assert all(re.search(rf"^{task}:.*## ", makefile, re.MULTILINE) for task in tasks)


def test_the_decision_gives_a_reason_for_the_number_of_every_alert() -> None:
    """Alerts without a number of their own are told of elsewhere on its page."""
    text = DECISION.read_text()
    rows = re.findall(r"^\| (\w+)(…?) \|", text, re.MULTILINE)
    told = {
        name
        for name in alerts()
        for row, rest in rows
        if name == row or (rest and name.startswith(row))
    }

    without = {"DeadMansSwitch", "LicenseReclaimHold", "LicenseServerDown", "LicenseServersAway"}
    assert set(alerts()) - told == without
