"""The tables of a module's page: its variables and outputs, as their own descriptions say them.

``PYTHONPATH=tests .venv/bin/python -m deploy.opentofu.module_pages`` writes them between the two
headings of every README.md, at its end where it has none yet.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from deploy.opentofu.engine import module_folders

DESCRIPTION = re.compile(r'^  description = "((?:[^"\\]|\\.)*)"', re.MULTILINE)
DEFAULT = re.compile(
    r"^  default +=(.*?)(?=^  validation|^  [a-z]+ +=|\Z)", re.MULTILINE | re.DOTALL
)
TABLES = re.compile(r"## Inputs\n.*?## Outputs\n\n(?:\|[^\n]*\n)*", re.DOTALL)


def declared(file: Path, kind: str) -> Iterator[tuple[str, str]]:
    """Yield name and body of every block of a kind."""
    pattern = rf'^{kind} "(\w+)" \{{\n(.*?)^\}}'
    yield from re.findall(pattern, file.read_text(), re.MULTILINE | re.DOTALL)


def said(body: str) -> str:
    """Return what a block says of itself, fit for a table."""
    found = DESCRIPTION.search(body)
    return found[1].replace('\\"', '"').replace("|", "\\|") if found else ""


def default(body: str) -> str:
    """Return a variable's default on one line, or that it has none."""
    found = DEFAULT.search(body)
    return f"`{' '.join(found[1].split())}`" if found else "required"


def tables(module: Path) -> str:
    """Return both tables of a module in Markdown."""
    inputs = [
        f"| `{name}` | {default(body)} | {said(body)} |"
        for name, body in declared(module / "variables.tf", "variable")
    ]
    outputs = [
        f"| `{name}` | {said(body)} |" for name, body in declared(module / "outputs.tf", "output")
    ]
    lines = ["## Inputs", "", "| variable | default | means |", "| --- | --- | --- |", *inputs]
    lines += ["", "## Outputs", "", "| output | means |", "| --- | --- |", *outputs, ""]
    return "\n".join(lines)


def with_tables(page: str, module: Path) -> str:
    """Return the page with the module's tables in place of those it has, or at its end."""
    made = tables(module)
    if TABLES.search(page):
        return TABLES.sub(lambda _: made, page, count=1)
    return f"{page.rstrip()}\n\n{made}"


def main() -> None:
    """Write the tables of every module and print which pages changed."""
    for module in module_folders():
        page = module / "README.md"
        text = page.read_text()
        made = with_tables(text, module)
        if made != text:
            page.write_text(made)
            sys.stdout.write(f"wrote {page}\n")


if __name__ == "__main__":
    main()
