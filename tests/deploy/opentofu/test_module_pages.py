"""The page of each module names every variable and every output, and none that is gone."""

import re
from pathlib import Path

import pytest
from deploy.opentofu.engine import module_folders

ROW = re.compile(r"^\| `(\w+)` \|", re.MULTILINE)


def declared(file: Path, kind: str) -> list[str]:
    return sorted(re.findall(rf'^{kind} "(\w+)"', file.read_text(), re.MULTILINE))


def told(page: Path, heading: str) -> list[str]:
    part = page.read_text().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return sorted(ROW.findall(part))


@pytest.mark.parametrize("module", module_folders(), ids=lambda module: module.name)
def test_a_page_names_every_variable_and_output(module: Path) -> None:
    page = module / "README.md"

    assert told(page, "Inputs") == declared(module / "variables.tf", "variable")
    assert told(page, "Outputs") == declared(module / "outputs.tf", "output")


def test_a_page_that_forgets_a_variable_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "variables.tf").write_text('variable "a" {\n}\nvariable "b" {\n}\n')
    (tmp_path / "README.md").write_text("# x\n\n## Inputs\n\n| `a` | | |\n\n## Outputs\n\n| `b` | |\n")

    assert declared(tmp_path / "variables.tf", "variable") == ["a", "b"]
    assert told(tmp_path / "README.md", "Inputs") == ["a"]
