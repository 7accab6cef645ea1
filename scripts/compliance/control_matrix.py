"""Controls of several frameworks: what each asks, how it stands, and what shows it."""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

REPOSITORY: Final = Path(__file__).resolve().parents[2]
CONTROLS: Final = REPOSITORY / "docs/compliance/controls"
PAGE: Final = REPOSITORY / "docs/compliance/control-matrix.md"
STATES: Final = ("shown", "duty", "not applicable", "not proven")
_INTRODUCTION: Final = """\
# Control matrix

Made of [controls/](controls/) by `python -m scripts.compliance`; a test keeps it in step, and every
link leads to a file, a heading or a test that is there.

- **shown**: what the product does about it is in the files and tests that are linked.
- **operator's duty**, **customer's duty**: no program can do it; what there is to help is linked.
- **not applicable**: with the reason.
- **not proven**: built, and to be asked of the real thing after a deployment
  ([unproven.md](../unproven.md)).

Nobody has certified any of this.
"""


class MalformedControls(Exception):
    """A file of controls lacks something, or has what nobody knows."""


@dataclass(frozen=True)
class Control:
    """One control; ``by`` names files, as ``file``, ``file::test`` or ``file#heading``."""

    id: str
    state: str
    says: str
    by: tuple[str, ...]
    of: str = ""

    @property
    def standing(self) -> str:
        """How it stands, in words for people."""
        return f"{self.of}'s duty" if self.of else self.state


@dataclass(frozen=True)
class Framework:
    """A list of controls and where it comes from."""

    title: str
    source: str
    controls: tuple[Control, ...]


def read_frameworks(folder: Path = CONTROLS) -> list[Framework]:
    """Return every framework, in the order of the files. Raises MalformedControls."""
    return [_framework(yaml.safe_load(path.read_text())) for path in sorted(folder.glob("*.yaml"))]


def complaints(control: Control, root: Path = REPOSITORY) -> list[str]:
    """Return what is wrong with a control: a claim without evidence, a link to nothing."""
    wrong = [f"no such evidence: {link}" for link in control.by if not is_there(link, root)]
    if control.state in {"shown", "not proven"} and not control.by:
        wrong.append(f"{control.state}, and nothing shows it")
    if control.state == "not proven" and "docs/unproven.md" not in control.by:
        wrong.append("not proven, and not in the list of what is not")
    if not control.says:
        wrong.append("no words")
    return wrong


def is_there(link: str, root: Path = REPOSITORY) -> bool:
    """Return whether a file, and in it a test or a heading, is there."""
    path, _, heading = link.partition("#")
    path, _, test = path.partition("::")
    if not (root / path).exists():
        return False
    if test:
        return _says(root / path, rf"^\s*(?:async )?def {test}\(")
    return not heading or _says(root / path, rf"^#+ {re.escape(heading)}$")


def _says(path: Path, line: str) -> bool:
    return re.search(line, path.read_text(), re.MULTILINE) is not None


def matrix_page(frameworks: list[Framework]) -> str:
    """Return the page."""
    return "\n".join([_INTRODUCTION, _counts(frameworks), *map(_section, frameworks)])


def _framework(file: dict[str, Any]) -> Framework:
    if file.keys() != {"title", "source", "controls"}:
        raise MalformedControls(f"not title, source and controls: {sorted(file)}")
    return Framework(file["title"], file["source"], tuple(map(_control, file["controls"])))


def _control(row: dict[str, Any]) -> Control:
    if not {"id", "state", "says", "by"} <= row.keys() <= {"id", "state", "says", "by", "of"}:
        raise MalformedControls(f"a member is missing or unknown: {row}")
    if row["state"] not in STATES or (row["state"] == "duty") != ("of" in row):
        raise MalformedControls(f"nobody's duty, or no state: {row}")
    return Control(**row | {"by": tuple(row["by"])})


def _counts(frameworks: list[Framework]) -> str:
    rows = ["| | " + " | ".join(STATES) + " |", "| --- |" + " ---: |" * len(STATES)]
    for one in frameworks:
        count = Counter(control.state for control in one.controls)
        rows.append(f"| {one.title} | " + " | ".join(str(count[state]) for state in STATES) + " |")
    return "\n".join(rows) + "\n"


def _section(framework: Framework) -> str:
    rows = [
        f"| {one.id} | {one.standing} | {one.says} | {_links(one.by)} |"
        for one in framework.controls
    ]
    head = "| control | stands | what there is | shown by |\n| --- | --- | --- | --- |"
    return f"## {framework.title}\n\n{framework.source}\n\n{head}\n" + "\n".join(rows) + "\n"


def _links(links: tuple[str, ...]) -> str:
    return ", ".join(f"[{_name(link)}](../../{_path(link)})" for link in links)


def _name(link: str) -> str:
    path, _, rest = link.replace("::", "#").partition("#")
    return rest.replace("test_", "", 1).replace("_", " ") if rest else Path(path).name


def _path(link: str) -> str:
    return link.partition("::")[0].partition("#")[0]
