"""The list of what is not proven: commands that parse, about objects that are there."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from scripts.compliance.unproven import REPOSITORY, Question, read_questions

QUESTIONS = read_questions()
PROGRAMS = {
    "curl",
    "gcloud",
    "kubectl",
    "openssl",
    "tofu",
    "scripts/incident-response/license-api-breach.sh",
    "scripts/incident-response/license-incident",
    "cosign",
    "docker",
}
DEPLOYED = ("opentofu", "kubernetes", "scripts/incident-response")
OURS = re.compile(r"\b(?:coditect-license|license-(?:api|signing|ssl|console))[\w-]*\b")
MADE_BY_THE_COMMAND = {"coditect-license-db-restored"}


def commands(question: Question) -> Iterator[list[str]]:
    """Yield the words of each line of a command."""
    for line in question.command.strip().splitlines():
        yield shlex.split(line)


def deployed_text() -> str:
    files = (file for folder in DEPLOYED for file in (REPOSITORY / folder).rglob("*"))
    readable = {".tf", ".tfvars", ".yaml", ".hcl", ".sh", ".py", ""}
    return "\n".join(
        str(file.relative_to(REPOSITORY)) + "\n" + file.read_text(errors="replace")
        for file in files
        if file.is_file() and file.suffix in readable and ".terraform" not in file.parts
    )


def complaints(question: Question, deployed: str) -> list[str]:
    """Return what is wrong with a question: a strange program, a name that nothing has."""
    wrong = [
        f"strange program: {words[0]}" for words in commands(question) if words[0] not in PROGRAMS
    ]
    said = set(OURS.findall(question.command)) - MADE_BY_THE_COMMAND
    unnamed = {name for name in said if not any(name in known for known in question.names)}
    wrong += [f"not in names: {name}" for name in sorted(unnamed)]
    wrong += [
        f"nothing is called {name}"
        for name in question.names
        if name not in deployed and not (REPOSITORY / name).exists()
    ]
    return wrong


@pytest.fixture(scope="module")
def deployed() -> str:
    return deployed_text()


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.statement)
def test_a_command_parses_and_names_what_is_there(question: Question, deployed: str) -> None:
    assert complaints(question, deployed) == []
    assert question.why
    assert question.expect


def test_the_list_is_long_and_says_nothing_twice() -> None:
    statements = [question.statement for question in QUESTIONS]

    assert len(statements) > 25
    assert len(statements) == len(set(statements))


def test_nobody_has_filled_the_list_in_the_repository() -> None:
    page = (REPOSITORY / "docs/unproven.md").read_text()

    assert page.count(
        "| who | day | answered as expected |\n| --- | --- | --- |\n| | | |\n"
    ) == len(QUESTIONS)


def test_planted_mistakes_are_noticed(deployed: str) -> None:
    good = QUESTIONS[3]
    elsewhere = good.command.replace("coditect-license-redis", "coditect-license-cache")

    assert complaints(replace(good, command="terraform plan"), deployed) == [
        "strange program: terraform"
    ]
    assert complaints(replace(good, command=elsewhere), deployed) == [
        "not in names: coditect-license-cache"
    ]
    assert complaints(
        replace(good, names=("coditect-license-cache",), command="curl x"), deployed
    ) == ["nothing is called coditect-license-cache"]


def test_a_quote_that_does_not_end_is_noticed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="No closing quotation"):
        list(commands(replace(QUESTIONS[0], command="gcloud 'x")))
