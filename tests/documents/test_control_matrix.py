"""The control matrix claims nothing that it cannot show."""

from dataclasses import replace
from pathlib import Path

import pytest

from scripts.compliance.__main__ import main
from scripts.compliance.control_matrix import (
    Control,
    MalformedControls,
    complaints,
    is_there,
    read_frameworks,
)

FRAMEWORKS = read_frameworks()
CONTROLS = [control for framework in FRAMEWORKS for control in framework.controls]
GOOD = Control(
    id="x",
    state="shown",
    says="words",
    by=("backend/tests/unit/test_redaction.py::test_a_path_is_redacted_too",),
)


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.id)
def test_a_control_is_shown_by_what_is_there(control: Control) -> None:
    assert complaints(control) == []


def test_every_framework_is_whole() -> None:
    assert [len(framework.controls) for framework in FRAMEWORKS] == [26, 80, 10, 61, 22]
    for framework in FRAMEWORKS:
        ids = [control.id for control in framework.controls]
        assert len(ids) == len(set(ids))


def test_the_pages_are_what_the_data_says() -> None:
    assert main(["--check"]) == 0


def test_what_is_there_is_no_complaint() -> None:
    assert complaints(GOOD) == []
    assert is_there("docs/audit.md#What is personal")


@pytest.mark.parametrize(
    "link",
    [
        "backend/tests/unit/test_nothing.py",
        "backend/tests/unit/test_redaction.py::test_nothing",
        "docs/audit.md#What is impersonal",
    ],
)
def test_evidence_that_is_not_there_is_noticed(link: str) -> None:
    assert complaints(replace(GOOD, by=(link,))) == [f"no such evidence: {link}"]


@pytest.mark.parametrize("state", ["shown", "not proven"])
def test_a_claim_without_evidence_is_noticed(state: str) -> None:
    assert f"{state}, and nothing shows it" in complaints(replace(GOOD, state=state, by=()))


def test_what_is_not_proven_must_be_in_the_list_of_that() -> None:
    assert complaints(replace(GOOD, state="not proven")) == [
        "not proven, and not in the list of what is not"
    ]


@pytest.mark.parametrize(
    "row",
    [
        "{id: x, state: done, says: y, by: []}",
        "{id: x, state: duty, says: y, by: []}",
        "{id: x, state: shown, of: operator, says: y, by: []}",
        "{id: x, state: shown, says: y}",
    ],
)
def test_a_row_that_is_malformed_is_refused(row: str, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(f"title: t\nsource: s\ncontrols:\n- {row}\n")

    with pytest.raises(MalformedControls):
        read_frameworks(tmp_path)


def test_a_page_of_yesterday_is_noticed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--to", str(tmp_path)]) == 0
    assert main(["--to", str(tmp_path), "--check"]) == 0
    (tmp_path / "docs/unproven.md").write_text("all is proven")

    assert main(["--to", str(tmp_path), "--check"]) == 1
    assert capsys.readouterr().out.endswith("not in step: unproven.md\n")
