"""Commands of the project that run beside a server, on its data and settings."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from support.server import RunningServer

REPOSITORY: Final = Path(__file__).resolve().parents[2]
_SECONDS: Final = 60


def environment(data_dir: Path, port: int, **more: str) -> dict[str, str]:
    """Return the environment of a command that works on a data folder."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("LICENSE_", "DJANGO_", "CODITECT_"))
    }
    return inherited | {
        "LICENSE_PROFILE": "embedded",
        "LICENSE_DATA_DIR": str(data_dir),
        "PORT": str(port),
        "PYTHONPATH": str(REPOSITORY / "backend"),
        **more,
    }


def manage(
    server: RunningServer,
    *words: str,
    port: int | None = None,
    more: Mapping[str, str] | None = None,
) -> Any:
    """Run a management command on a server's data and return how it ended.

    ``more`` adds to the settings.
    """
    return subprocess.run(
        [sys.executable, str(REPOSITORY / "backend/manage.py"), *words],
        env=environment(server.data_dir, port or server.port, **(more or {})),
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )


def vendor(
    server: RunningServer, *words: str, more: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Let the vendor do something in a process of his own; return what he prints.

    ``more`` adds to the settings.
    """
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("vendor.py")), *words],
        env=environment(server.data_dir, server.port, **(more or {})),
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer
