"""The pages for incidents: commands are such as their programs take, links lead somewhere."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from typing import Final

import pytest
from deploy.incident_response.bats import HERE
from end_to_end.processes import environment
from monitoring.pages import PAGES as ALERT_PAGES
from monitoring.pages import blocks

from license_incident.program import parser
from scripts.monitoring import promql

REPOSITORY = HERE.parents[2]
RUNBOOKS = REPOSITORY / "docs" / "runbooks"
NAMES: Final = (
    "license-api-breach",
    "key-compromise",
    "kms-outage",
    "database-restore",
    "ddos",
    "seat-exhaustion",
)
JOINED: Final = {
    "license-api-breach": "high-authentication-failure-rate",
    "key-compromise": "license-signature-wrong",
    "kms-outage": "cloud-kms-signing-failures",
    "ddos": "potential-ddos-attack",
    "seat-exhaustion": "license-seats-exhausted",
}
"""The page of an alert that names the page of an incident."""

MANAGE: Final = [".venv/bin/python", "backend/manage.py"]
TOOL: Final = "scripts/incident-response/license-incident"
GCLOUD: Final = {
    ("kms", "keys"),
    ("logging", "read"),
    ("sql", "backups"),
    ("sql", "instances"),
    ("compute", "security-policies"),
}
VARIABLES: Final = re.compile(r"\$\{?(LICENSE_DATA_DIR|[A-Z_]+)[^\"\s]*")


def page(name: str) -> Path:
    return RUNBOOKS / f"{name}.md"


def commands(name: str) -> Iterator[list[str]]:
    """Yield the words of every command of a page, with something for each variable."""
    for line in blocks(page(name).read_text(), "sh"):
        if not line.startswith("export "):
            yield shlex.split(VARIABLES.sub("some-1", line))


def every_command() -> list[list[str]]:
    return [words for name in NAMES for words in commands(name)]


@pytest.mark.parametrize("name", NAMES)
def test_there_is_a_page_with_commands_and_a_drill(name: str) -> None:
    text = page(name).read_text()

    assert text.startswith("# ")
    drill = text.partition("\n## Drill\n")[2]
    assert len(drill.split()) > 30
    assert list(commands(name))


@pytest.mark.parametrize("name", [*NAMES, "README"])
def test_every_link_leads_to_a_file(name: str) -> None:
    for link in re.findall(r"\]\((?!http)([^)#]+)", page(name).read_text()):
        assert (RUNBOOKS / link).exists(), link


@pytest.mark.parametrize(("name", "alert_page"), JOINED.items())
def test_alert_and_incident_lead_to_each_other(name: str, alert_page: str) -> None:
    assert f"{name}.md" in page(alert_page).read_text()
    assert f"({alert_page}.md)" in (RUNBOOKS / "README.md").read_text()


def test_the_index_has_every_page_of_an_incident() -> None:
    text = (RUNBOOKS / "README.md").read_text()

    assert all(f"({name}.md)" in text for name in NAMES)
    assert not {page(name) for name in NAMES} & ALERT_PAGES.keys()


def refused(lines: list[list[str]], folder: Path) -> list[list[str]]:
    """Return the lines that manage.py or license-admin would not take."""
    judged = subprocess.run(
        [sys.executable, "-m", "monitoring.command_judge"],
        input=json.dumps(lines),
        env=environment(folder, 0)
        | {
            "PYTHONPATH": f"{REPOSITORY / 'backend'}:{REPOSITORY / 'tests'}",
            "DJANGO_SETTINGS_MODULE": "coditect_license.settings",
            "PORT": "8000",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert judged.returncode == 0, judged.stderr
    return [line for line, _ in json.loads(judged.stdout)]


def test_every_command_of_the_server_is_one(tmp_path: Path) -> None:
    ours = [
        ["license-admin", *words[1:]] if words[0] == "scripts/license-admin" else words[2:]
        for words in every_command()
        if words[0] == "scripts/license-admin" or words[:2] == MANAGE
    ]
    wrong = [["extend_lease"], ["license-admin", "tenant", "suspends", "acme"]]

    assert len(ours) > 15
    assert refused([["manage.py", *wrong[0]], wrong[1]], tmp_path) == [
        ["manage.py", *wrong[0]],
        wrong[1],
    ]
    judged = [line if line[0] == "license-admin" else ["manage.py", *line] for line in ours]
    assert refused(judged, tmp_path) == []


def is_taken(words: list[str]) -> bool:
    with redirect_stderr(StringIO()):
        try:
            parser().parse_args(words)
        except SystemExit:
            return False
    return True


def test_every_command_of_the_incident_tool_is_one() -> None:
    ours = [words[1:] for words in every_command() if words[0] == TOOL]

    assert len(ours) >= 10
    assert [words for words in ours if not is_taken(words)] == []
    assert not is_taken(["block-everything", "--incident", "inc-1"])
    assert not is_taken(["block-source", "--incident", "inc-1"])


def test_every_other_command_is_a_task_or_the_breach_script() -> None:
    help_text = (REPOSITORY / "Makefile").read_text()
    for words in every_command():
        if words[0] == "make":
            assert re.search(rf"^{words[1]}:.*## ", help_text, re.MULTILINE), words
        elif words[0].endswith("license-api-breach.sh"):
            assert (REPOSITORY / words[0]).exists()
        else:
            assert words[0] in {TOOL, "scripts/license-admin", MANAGE[0]}, words


@pytest.mark.parametrize("name", NAMES)
def test_what_blocks_is_never_shown_without_the_id_or_as_a_dry_run(name: str) -> None:
    for words in commands(name):
        if words[0] == TOOL and "--yes" in words and words[1] != "expire":
            incident = words[words.index("--incident") + 1]
            assert words[words.index("--confirm") + 1] == incident


def test_every_command_of_the_cloud_is_of_a_kind_we_know() -> None:
    shown = [
        line.strip()
        for name in NAMES
        for line in page(name).read_text().splitlines()
        if line.strip().startswith("gcloud ")
    ]

    assert len(shown) >= 6
    for line in shown:
        words = shlex.split(line.rstrip("\\"))
        assert tuple(words[1:3]) in GCLOUD, line


def test_every_query_is_about_our_servers() -> None:
    for name in NAMES:
        for line in blocks(page(name).read_text(), "promql"):
            for selector in promql.selectors(line):
                assert promql.matchers(selector)["job"] == "license-api"
