"""The repository's shell scripts, found by what their first line says runs them."""

import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).resolve().parents[3]
SHELLCHECK: Final = REPOSITORY / ".venv/bin/shellcheck"
SHELL: Final = re.compile(rb"^#!\s*\S*/(?:env\s+(?:-S\s+)?)?(?:sh|dash|bash|ksh|bats)\b")
LONGEST_FIRST_LINE: Final = 128
MEANT: Final = frozenset({"tests/deploy/incident_response/fakes/breach-of-the-strategy.sh"})
"""Scripts whose faults are what a test is about."""


def is_script(file: Path) -> bool:
    """Tell whether the first line names a shell that shellcheck knows."""
    with file.open("rb") as opened:
        return SHELL.match(opened.read(LONGEST_FIRST_LINE)) is not None


def scripts(folder: Path) -> Iterator[Path]:
    """Yield the scripts of a work tree of git: those that are committed and those that may be."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=folder,
        capture_output=True,
        check=True,
        timeout=60,
    )
    for name in sorted(set(listed.stdout.decode().split("\0")) - MEANT):
        file = folder / name
        if file.is_file() and not file.is_symlink() and is_script(file):
            yield file


def faults(files: Sequence[Path]) -> list[str]:
    """Return what shellcheck says of some scripts, a line for each fault, advice included."""
    done = subprocess.run(
        [SHELLCHECK, "--format=gcc", "--external-sources", "--source-path=SCRIPTDIR", "--", *files],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode in {0, 1}, done.stderr
    return done.stdout.splitlines()
