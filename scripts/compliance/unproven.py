"""What cannot be proven without a cloud, and the command that asks it after a deployment."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

REPOSITORY: Final = Path(__file__).resolve().parents[2]
DATA: Final = REPOSITORY / "docs/unproven.yaml"
PAGE: Final = REPOSITORY / "docs/unproven.md"
_INTRODUCTION: Final = """\
# What is not proven here

`make infra` proves what can be proven without a cloud. The statements below need one. Each has the
reason, a command to run after a deployment, and what it answers when all is well. Nothing of this
list is done until somebody has written name and day beside it; keep the filled list with the
deployment, not here.

Made of [unproven.yaml](unproven.yaml) by `python -m scripts.compliance`. A test reads each command:
the programs are known ones, and the objects they name are in `opentofu/` or `kubernetes/`.

Before the first command:

```sh
export PROJECT=coditect-citus-prod KMS_PROJECT=coditect-cloud-infra REGION=us-central1
gcloud config set project "$PROJECT"
kubectl config set-context --current --namespace coditect-license
```
"""


@dataclass(frozen=True)
class Question:
    """One statement that only the real thing can answer."""

    part: str
    statement: str
    why: str
    command: str
    expect: str
    names: tuple[str, ...]


def read_questions(path: Path = DATA) -> list[Question]:
    """Return the questions in the order of the file."""
    parts = yaml.safe_load(path.read_text())
    return [
        Question(part=part["part"], **one | {"names": tuple(one["names"])})
        for part in parts
        for one in part["questions"]
    ]


def unproven_page(questions: list[Question]) -> str:
    """Return the page: a section for each part, an entry for each question."""
    parts = dict.fromkeys(one.part for one in questions)
    numbered = {one: number for number, one in enumerate(questions, start=1)}
    sections = [
        f"## {part}\n\n"
        + "\n".join(_entry(numbered[one], one) for one in questions if one.part == part)
        for part in parts
    ]
    return "\n".join([_INTRODUCTION, *sections])


def _entry(number: int, one: Question) -> str:
    return (
        f"### {number}. {one.statement}\n\n"
        f"Not here: {one.why}\n\n"
        f"```sh\n{one.command.strip()}\n```\n\n"
        f"Answers: {one.expect}\n\n"
        "| who | day | answered as expected |\n| --- | --- | --- |\n| | | |\n"
    )
