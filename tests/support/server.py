"""The real server as a process of its own, on a free port and a data folder of the test's."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Self

from tests.support.ports import free_port

REPOSITORY: Final = Path(__file__).resolve().parents[2]
# A published test key: making a fresh RSA-4096 key would cost each start up to several seconds.
_ROOT_KEY: Final = REPOSITORY / "token/vectors/keys/root.test-key.pem"
_MANAGE: Final = REPOSITORY / "backend/manage.py"
_STARTED: Final = "Application startup complete."
UNHURRIED: Final = {
    "LICENSE_CALLS_PER_MINUTE": "1000000",
    "LICENSE_SESSION_CALLS_PER_MINUTE": "1000000",
    "LICENSE_FAILURES_PER_MINUTE": "0",
    "LICENSE_API_CALLS_PER_MINUTE": "0",
    "LICENSE_API_TENANT_CALLS_PER_MINUTE": "0",
}
"""Quotas that no test reaches which is not about quotas."""

_GREETING: Final = "  -d "
"""How the one line begins that shows the demo's key, to be pasted."""

_START_SECONDS: Final = 120  # who hangs is found out; a busy machine is not
_STOP_SECONDS: Final = 60


def leaks(secrets: Iterable[str], places: Mapping[str, str]) -> list[str]:
    """Return which places hold which of the secrets, each by its first letters alone."""
    return [
        f"{secret[:6]}… is in the {place}"
        for secret in secrets
        for place, text in places.items()
        if secret and secret in text
    ]


Address = tuple[str, int]
"""Host and port."""


class RunningServer:
    """One ``manage.py quickstart`` that answers calls, or another ``command`` that serves.

    ``demo`` is the content of ``demo.json``: base_url, license_key, seats, token, tenant_id.
    ``output`` is every line the process wrote since it was last started. A context manager that
    stops the server.
    """

    def __init__(
        self,
        data_dir: Path,
        environment: Mapping[str, str],
        *,
        command: str = "quickstart",
        host: str = "127.0.0.1",
        launcher: Sequence[str] = (),
    ) -> None:
        """Make a server that is not started; ``launcher`` are words in front of its command."""
        self.data_dir = data_dir
        self.port = free_port()
        self.address: Address = (host, self.port)
        self.base_url = f"http://{host}:{self.port}"
        self.process: subprocess.Popen[str]
        self.demo: dict[str, Any] = {}
        self.output: list[str] = []
        self._environment = (
            _process_environment(data_dir, self.port) | {"LICENSE_HOST": host} | dict(environment)
        )
        self._command = [*launcher, sys.executable, str(_MANAGE), command]
        self._reader: threading.Thread

    def start(self) -> None:
        """Run the process and return when it answers. Raises AssertionError when it does not."""
        self.output = []
        answering = threading.Event()
        self.process = subprocess.Popen(
            self._command,
            env=self._environment,
            cwd=self.data_dir,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._reader = threading.Thread(target=self._read_output, args=(answering,), daemon=True)
        self._reader.start()
        answering.wait(_START_SECONDS)
        if not any(_STARTED in line for line in self.output):
            self.kill()
            raise AssertionError("the server did not start:\n" + "".join(self.output))
        self.demo = json.loads((self.data_dir / "demo.json").read_text())

    @property
    def environment(self) -> dict[str, str]:
        """What the process finds in its environment: for commands beside it."""
        return dict(self._environment)

    def stop(self) -> int:
        """Let the server drain (SIGTERM) and return its exit status."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the server between any two of its steps (SIGKILL)."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Start again on the same data and port, after a stop or a kill."""
        self.stop()
        self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _end(self, number: signal.Signals) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            status = self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        self._reader.join(_STOP_SECONDS)
        self._check_log()
        return status

    def _check_log(self) -> None:
        """Whatever a test is about: no log line may hold a secret of the server it ran."""
        kept = [self.data_dir / name for name in ("django-secret-key", "license-key-pepper-1")]
        secrets = [path.read_text().strip() for path in kept if path.exists()]
        secrets += [self.demo[name] for name in ("license_key", "token") if name in self.demo]
        lines = [line for line in self.output if not line.startswith(_GREETING)]
        if found := leaks(secrets, {"log": "".join(lines)}):
            raise AssertionError("; ".join(found))

    def _read_output(self, answering: threading.Event) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self.output.append(line)
                if _STARTED in line:
                    answering.set()
        answering.set()


StartServer = Callable[..., RunningServer]
"""What the fixture ``start_server`` gives: ``start_server(env={…}, name="data")``."""


def start(data_dir: Path, env: Mapping[str, str] | None = None) -> RunningServer:
    """Return a server that answers, on a data folder that is made and prepared when it is new.

    ``env`` adds to the environment or overrides it; nothing named LICENSE_… is inherited.
    """
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    give_root_key(data_dir)
    server = RunningServer(data_dir, env or {})
    server.start()
    return server


def give_root_key(data_dir: Path) -> None:
    """Put the test root key into a data folder that has none."""
    path = data_dir / "root-key.pem"
    if path.exists():
        return
    path.touch(mode=0o600)
    path.write_bytes(_ROOT_KEY.read_bytes())


def _process_environment(data_dir: Path, port: int) -> dict[str, str]:
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("LICENSE_", "DJANGO_", "PYTHONWARNINGS"))
    }
    return inherited | {
        "LICENSE_PROFILE": "embedded",
        "LICENSE_DATA_DIR": str(data_dir),
        "PORT": str(port),
        "PYTHONUNBUFFERED": "1",
        **UNHURRIED,
    }
