"""``make observe`` as a process: a server, and Prometheus beside it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from support.server import REPOSITORY, UNHURRIED, give_root_key

from tests.support.ports import free_port

_READY: Final = "Ctrl-C ends what was started here."
_START_SECONDS: Final = 120
_STOP_SECONDS: Final = 60


class Observed:
    """One that runs. ``output`` is what it and its children said."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self.environment = environment
        self.output: list[str] = []
        self._ready = threading.Event()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "scripts.monitoring.observe"],
            cwd=REPOSITORY,
            env={**environment},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def server_url(self) -> str:
        return f"http://127.0.0.1:{self.environment['PORT']}"

    @property
    def demo(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads((self.folder / "demo.json").read_text())
        return read

    def wait_until_ready(self) -> None:
        self._ready.wait(_START_SECONDS)
        assert self.process.poll() is None, "".join(self.output)
        assert _READY in "".join(self.output), "".join(self.output)

    def metrics(self) -> str:
        """Return what the server shows Prometheus."""
        return _get(f"http://127.0.0.1:{self.environment['METRICS_PORT']}/metrics").decode()

    def ask(self, path: str, **query: str) -> Any:
        """Return what Prometheus answers under /api/v1/."""
        address = f"http://127.0.0.1:{self.environment['PROMETHEUS_PORT']}/api/v1/{path}"
        return json.loads(_get(f"{address}?{urllib.parse.urlencode(query)}"))["data"]

    def interrupt(self) -> int:
        """Send what Ctrl-C sends, and return the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        status = self.process.wait(_STOP_SECONDS)
        self._reader.join(_STOP_SECONDS)
        return status

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self.output.append(line)
                if _READY in line:
                    self._ready.set()
        self._ready.set()


@contextmanager
def observing(folder: Path, **environment: str) -> Iterator[Observed]:
    """Run it on a data folder and free ports; skip the test where there is no Prometheus."""
    if shutil.which("prometheus") is None:
        pytest.skip("NO prometheus ON THIS MACHINE: queries and make observe are not tried")
    folder.mkdir(mode=0o700, exist_ok=True)
    give_root_key(folder)
    running = Observed(folder, surroundings(folder) | environment)
    try:
        running.wait_until_ready()
        yield running
    finally:
        running.interrupt()


def surroundings(folder: Path) -> dict[str, str]:
    """Return the environment of one on free ports."""
    inherited = {name: text for name, text in os.environ.items() if not name.startswith("LICENSE_")}
    ports = ("PORT", "METRICS_PORT", "PROMETHEUS_PORT")
    return {
        **inherited,
        **UNHURRIED,
        "LICENSE_PROFILE": "embedded",
        "LICENSE_DATA_DIR": str(folder),
        **{name: str(free_port()) for name in ports},
    }


def _get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=30) as answer:
        content: bytes = answer.read()
        return content
