"""Bats, where it is installed: each file of it is a test of pytest."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

HERE: Final = Path(__file__).parent


def run_bats(name: str, *, expected: int) -> None:
    """Run one file of bats; fail with its output unless all ``expected`` tests pass."""
    for program in ("bats", "jq"):
        if shutil.which(program) is None:
            pytest.skip(
                f"NO {program} ON THIS MACHINE (apt-get install bats jq): {name} IS NOT RUN"
            )
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "LC_ALL": "C.UTF-8",
    }
    ran = subprocess.run(
        ["bats", "--tap", str(HERE / name)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    said = f"{ran.stdout}\n{ran.stderr}"
    assert ran.returncode == 0, said
    assert ran.stdout.splitlines()[0] == f"1..{expected}", said
    assert "# skip" not in ran.stdout, said
