"""Each bug planted in a verifier is noticed, and the verifiers as they are have none."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest
from support.planted_verifiers import BUGS, Bug
from support.verifier_judge import JUDGES, REPOSITORY

SOURCES: Final = ("token/src", "sdk/src", "backend")
BESIDE: Final = ("tests", "token", "backend")
DOCUMENT: Final = (REPOSITORY / "docs/verification.md").read_text()
TABLE: Final = [
    line
    for line in DOCUMENT.split("\n## Planted bugs\n")[1].split("\n## ")[0].splitlines()
    if line.startswith("| ")
][2:]


def judged(judge: str, *sources: Path) -> subprocess.CompletedProcess[str]:
    """Run a judge on sources that come before the repository's own."""
    path = [*sources, *(REPOSITORY / folder for folder in (*SOURCES, *BESIDE))]
    return subprocess.run(
        [sys.executable, "-m", "support.verifier_judge", judge],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))},
        cwd=REPOSITORY / "token",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def planted(bug: Bug, folder: Path) -> Path:
    """Copy the package a bug is in, with the bug."""
    package = (REPOSITORY / bug.file).parent
    shutil.copytree(package, folder / package.name)
    target = folder / package.name / Path(bug.file).name
    target.write_text(bug.plant(target.read_text()))
    return folder


@pytest.fixture(scope="module")
def verdicts(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, Future[subprocess.CompletedProcess[str]]]]:
    """Let every broken verifier be judged, as many at a time as there are processors."""
    folders = {bug.name: tmp_path_factory.mktemp("planted") for bug in BUGS}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield {
            bug.name: pool.submit(judged, bug.judge, planted(bug, folders[bug.name]))
            for bug in BUGS
        }


@pytest.mark.parametrize("judge", JUDGES)
def test_the_verifiers_as_they_are_take_nothing_they_must_not(judge: str) -> None:
    found = judged(judge)

    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")


@pytest.mark.parametrize("bug", BUGS, ids=[bug.name for bug in BUGS])
def test_a_planted_fault_is_noticed(
    bug: Bug, verdicts: dict[str, Future[subprocess.CompletedProcess[str]]]
) -> None:
    found = verdicts[bug.name].result()

    assert found.returncode == 1, found.stderr or "nobody noticed"
    assert f"| {bug.name} | {bug.file.rpartition('/')[2]} | {found.stdout.strip()} |" in TABLE


def test_the_document_lists_the_planted_bugs_and_no_other() -> None:
    assert [row.split(" | ")[0].removeprefix("| ") for row in TABLE] == [bug.name for bug in BUGS]
