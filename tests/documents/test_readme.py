"""What the README shows is what happens: its curl, its answer and its program are run."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.server import RunningServer

REPOSITORY = Path(__file__).resolve().parents[2]
README = (REPOSITORY / "README.md").read_text()
SHOWN_URL = "http://127.0.0.1:8000"


def blocks(language: str) -> list[str]:
    """Return the fenced blocks of one language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def run(command: list[str], *, folder: Path) -> str:
    """Return what a program prints; it must end well within a minute."""
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout


def shape(value: object) -> object:
    """Return the names in a JSON value without what they hold."""
    return {name: shape(held) for name, held in value.items()} if isinstance(value, dict) else None


@pytest.fixture
def shown_key() -> str:
    """The license key that stands in the README."""
    found = re.search(r'"license_key":"([^"]+)"', README)
    assert found is not None
    return found[1]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not on this machine")
def test_the_curl_of_the_first_block_answers_what_the_second_block_shows(
    server: RunningServer, shown_key: str
) -> None:
    command = blocks("sh")[0].replace(shown_key, server.demo["license_key"])

    answer = json.loads(
        run(["bash", "-c", command.replace(SHOWN_URL, server.base_url)], folder=REPOSITORY)
    )

    assert shape(answer) == shape(json.loads(blocks("json")[0]))


def test_the_program_holds_a_seat_of_the_demo_license(
    server: RunningServer, tmp_path: Path
) -> None:
    (tmp_path / ".local").symlink_to(server.data_dir)

    printed = run([sys.executable, "-c", blocks("python")[0]], folder=tmp_path)

    assert re.fullmatch(r"held: enterprise for 3[0-9]{2} seconds at least\n", printed)


def test_the_two_commands_are_tasks_of_the_makefile() -> None:
    tasks = run(["make"], folder=REPOSITORY)

    for task in re.findall(r"^make ([a-z]+)", blocks("sh")[1], re.MULTILINE):
        assert re.search(rf"^{task} +\S", tasks, re.MULTILINE), task


def test_every_link_leads_to_a_file() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)", README)

    missing = [link for link in links if not (REPOSITORY / link).exists()]

    assert links
    assert missing == []
