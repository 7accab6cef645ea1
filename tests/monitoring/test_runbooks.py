"""Runbook pages: one for each alert, with commands that this product has and queries that work."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from end_to_end.processes import environment
from monitoring.pages import PAGES, REPOSITORY, blocks

from scripts.monitoring import promql
from scripts.monitoring.rule_files import alerts

PARTS: Final = ["## It means", "## What users feel", "## First look", "## What to do"]
MANAGE: Final = ".venv/bin/python backend/manage.py "
LOOKED_AT: Final = {
    "http://127.0.0.1:8000/health/ready",
    "http://127.0.0.1:8000/health/live",
    "http://127.0.0.1:9464/metrics",
}
"""What pages fetch: a server's probes and its metrics, at their usual ports."""


def commands() -> Iterator[list[str]]:
    """Yield the words of every command of every page."""
    for page in PAGES:
        for line in blocks(page.read_text(), "sh"):
            yield shlex.split(
                line.replace("$LICENSE", "a-license").replace("$SESSION", "a-session")
            )


def refused(lines: list[list[str]], folder: Path) -> list[list[object]]:
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
    answer: list[list[object]] = json.loads(judged.stdout)
    return answer


def ours() -> list[list[str]]:
    """Return the commands of manage.py and license-admin."""
    return [
        ["license-admin", *words[1:]] if words[0] == "scripts/license-admin" else words[1:]
        for words in commands()
        if words[0] == "scripts/license-admin" or words[:2] == MANAGE.split()
    ]


@pytest.mark.parametrize(("page", "alert"), PAGES.items(), ids=lambda value: str(value)[-40:])
def test_a_page_says_what_whoever_is_woken_needs(page: Path, alert: str) -> None:
    text = page.read_text()
    titles = text.splitlines()[0].removeprefix("# ").split(", ")

    assert alert in titles
    assert set(titles) <= alerts().keys()
    assert re.findall(r"^## .*$", text, re.MULTILINE) == PARTS
    for part in text.split("\n## ")[1:]:
        assert len(part.splitlines()) > 2
    assert blocks(text, "promql") or blocks(text, "sh")


@pytest.mark.parametrize("name", sorted(alerts()))
def test_every_alert_has_its_own_title_on_its_page(name: str) -> None:
    page = REPOSITORY / alerts()[name]["annotations"]["runbook_url"]

    assert name in page.read_text().splitlines()[0]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_link_leads_to_a_file(page: Path) -> None:
    for link in re.findall(r"\]\((?!http)([^)#]+)", page.read_text()):
        assert (page.parent / link).exists(), link


def test_every_command_is_one_of_this_product(tmp_path: Path) -> None:
    wrong = [
        ["manage.py", "rotate_signing_keys"],
        ["manage.py", "rotate_signing_key", "--statuss"],
        ["license-admin", "license", "enlarge", "a-license"],
        ["license-admin", "license", "resize", "a-license", "--tenant", "acme"],
    ]

    assert len(ours()) > 20
    assert [line for line, _ in refused([*wrong, *ours()], tmp_path)] == wrong


def test_every_other_command_is_a_task_or_looks_at_a_server() -> None:
    help_text = (REPOSITORY / "Makefile").read_text()
    for words in commands():
        match words:
            case ["make", target]:
                assert re.search(rf"^{target}:.*## ", help_text, re.MULTILINE)
            case ["curl", "-fsS", url]:
                assert url in LOOKED_AT
            case [program, *_]:
                assert program in {"scripts/license-admin", ".venv/bin/python"}, words


def test_every_query_is_promql_about_our_servers() -> None:
    for page in PAGES:
        for line in blocks(page.read_text(), "promql"):
            for selector in promql.selectors(line):
                assert selector.name == "up" or promql.matchers(selector)["job"] == "license-api"
