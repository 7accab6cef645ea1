"""The page of each module says every variable and output, in the module's own words."""

from pathlib import Path

import pytest
from deploy.opentofu.engine import module_folders
from deploy.opentofu.module_pages import tables, with_tables

WRITE = "PYTHONPATH=tests .venv/bin/python -m deploy.opentofu.module_pages"


@pytest.mark.parametrize("module", module_folders(), ids=lambda module: module.name)
def test_a_page_has_the_tables_of_its_module(module: Path) -> None:
    page = (module / "README.md").read_text()

    assert with_tables(page, module) == page, f"write them: {WRITE}"


def test_what_has_no_description_is_seen(tmp_path: Path) -> None:
    (tmp_path / "variables.tf").write_text('variable "a" {\n  type = string\n}\n')
    (tmp_path / "outputs.tf").write_text('output "b" {\n  description = "B."\n  value = 1\n}\n')

    assert "| `a` | required |  |" in tables(tmp_path)
    assert "| `b` | B. |" in tables(tmp_path)


@pytest.mark.parametrize("module", module_folders(), ids=lambda module: module.name)
def test_everything_is_described(module: Path) -> None:
    assert [row for row in tables(module).splitlines() if row.endswith("|  |")] == []


def test_an_old_table_is_replaced_and_the_rest_of_a_page_kept(tmp_path: Path) -> None:
    (tmp_path / "variables.tf").write_text('variable "a" {\n  description = "New."\n}\n')
    (tmp_path / "outputs.tf").write_text("")
    old = "# x\n\n## Inputs\n\n| `a` | Old. |\n\n## Outputs\n\n| `b` | |\n\n## After\n\ntext\n"

    page = with_tables(old, tmp_path)

    assert "New." in page
    assert "Old." not in page
    assert "`b`" not in page
    assert page.startswith("# x\n\n## Inputs\n")
    assert page.endswith("\n\n## After\n\ntext\n")
