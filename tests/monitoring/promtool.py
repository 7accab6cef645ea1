"""Prometheus' own tool, where it is installed (Debian: prometheus)."""

import shutil
import subprocess
from pathlib import Path

import pytest


def promtool(*words: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run it in a folder and return how it ended; skip the test where there is none."""
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("NO promtool ON THIS MACHINE (apt-get install prometheus): rules are not tried")
    return subprocess.run(
        [program, *words], cwd=folder, capture_output=True, text=True, timeout=900, check=False
    )
