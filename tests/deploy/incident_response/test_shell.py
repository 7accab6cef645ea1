"""The shell scripts of the incident tool and of its tests, by shellcheck."""

import subprocess
import sys
from pathlib import Path

from deploy.incident_response.bats import HERE

REPOSITORY = HERE.parents[2]
TOOLS = REPOSITORY / "scripts" / "incident-response"
SHELLCHECK = Path(sys.executable).parent / "shellcheck"


def complaints(*files: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [SHELLCHECK, "--external-sources", "--severity=style", "--source-path=SCRIPTDIR", *files],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_shellcheck_finds_nothing_in_ours() -> None:
    fakes = [HERE / "fakes" / name for name in ("gcloud", "kubectl", "curl")]

    judged = complaints(TOOLS / "license-incident", TOOLS / "license-api-breach.sh", *fakes)

    assert judged.stdout == ""
    assert judged.returncode == 0


def test_shellcheck_would_find_something() -> None:
    judged = complaints(HERE / "fakes" / "breach-of-the-strategy.sh")

    assert judged.returncode == 1
    assert "SC2046" in judged.stdout
