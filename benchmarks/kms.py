"""A local Cloud KMS as a process of its own, for the questions that ask about signing."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmarks.machine import REPOSITORY
from benchmarks.prepared import server_environment
from benchmarks.server import SETTINGS, MeasurementFailed
from local_kms.faults import Fault, written
from local_kms.folder import DataFolder

_START_SECONDS: Final = 60
_STOP_SECONDS: Final = 10
_LOOK_SECONDS: Final = 0.05


class RunningKms:
    """A KMS that listens. ``settings`` are what a server needs to sign with it."""

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        self._folder = DataFolder(folder)
        self.settings = settings

    def fail(self, fault: Fault) -> None:
        """Let every signature from the next on go wrong in this way."""
        self._folder.write("faults.json", written({"AsymmetricSign": fault}))

    def heal(self) -> None:
        """Let everything go well again."""
        self._folder.remove("faults.json")


@contextmanager
def running_kms(folder: Path) -> Iterator[RunningKms]:
    """Serve fresh keys from a folder until the block ends. Raises MeasurementFailed."""
    told = folder / "settings"
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "local_kms", "serve", "--port", "0"),
            *("--folder", str(folder), "--settings", str(told)),
        ],
        env=server_environment(folder, SETTINGS),
        cwd=REPOSITORY,
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait_until_told(process, told)
        lines = told.read_text().splitlines()
        yield RunningKms(folder, dict(line.split("=", 1) for line in lines))
    finally:
        process.terminate()
        process.wait(_STOP_SECONDS)


def _wait_until_told(process: "subprocess.Popen[bytes]", told: Path) -> None:
    give_up_at = time.monotonic() + _START_SECONDS
    while not told.exists():
        if process.poll() is not None or time.monotonic() > give_up_at:
            raise MeasurementFailed("the local KMS did not start")
        time.sleep(_LOOK_SECONDS)
