"""The command run: hold a seat while another command runs."""

import argparse
import os
import signal
import subprocess
import sys
import threading
import types
from typing import Final, Self

from coditect_license_sdk._cli.exits import NOT_EXECUTABLE, NOT_FOUND, SIGNALED, USAGE
from coditect_license_sdk._cli.output import Output
from coditect_license_sdk._cli.settings import make_client
from coditect_license_sdk._client import Lease

TERMINATE_GRACE_SECONDS: Final = 10.0  # between SIGTERM and SIGKILL of --on-lost=terminate
_FORWARDED: Final = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")
    if hasattr(signal, name)
)


def run(chosen: argparse.Namespace, output: Output) -> int:
    """Take a seat, run the command, give the seat back, and exit as it did."""
    words = chosen.words[1:] if chosen.words[:1] == ["--"] else chosen.words
    if not words:
        output.warn("run: no command; write it after --")
        return USAGE
    relay = Relay(output, terminates=chosen.on_lost == "terminate")
    client = make_client(chosen, on_lost=relay.lost, on_restored=relay.restored)
    with relay, client.acquire(wait_seconds=chosen.wait) as lease:
        return relay.run(words, lease)


class Relay:
    """Stands between the outside and the command: signals go in, the exit code comes out.

    Before the command runs, a signal ends the waiting; afterwards it goes to the command. SIGINT of
    a terminal is not sent twice: the terminal gives it to the command itself.
    """

    def __init__(self, output: Output, *, terminates: bool) -> None:
        self._output = output
        self._terminates = terminates
        self._child: subprocess.Popen[bytes] | None = None
        self._is_starting = False
        self._early: list[int] = []  # signals that came while the command was being started
        self._before: dict[int, signal.Handlers | object] = {}

    def __enter__(self) -> Self:
        for number in _FORWARDED:
            self._before[number] = signal.signal(number, self._forward)
        return self

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)  # type: ignore[arg-type]

    def run(self, words: list[str], lease: Lease) -> int:
        """Run the command to its end and give the exit code a shell would."""
        try:
            code = self._start(words, lease).wait()
        except FileNotFoundError:
            self._output.warn(f"run: {words[0]}: not found")
            return NOT_FOUND
        except OSError as error:
            self._output.warn(f"run: {words[0]}: {error.strerror}")
            return NOT_EXECUTABLE
        return SIGNALED - code if code < 0 else code

    def _start(self, words: list[str], lease: Lease) -> "subprocess.Popen[bytes]":
        self._is_starting = True
        environment = {**os.environ, "CODITECT_LICENSE_SESSION": lease.session_id}
        self._child = subprocess.Popen(words, env=environment)  # noqa: S603  that is the job
        for number in self._early:
            self._child.send_signal(number)
        return self._child

    def lost(self, lease: Lease) -> None:
        """Warn that the lease is over, and end the command if that was asked."""
        self._output.warn(f"the lease is lost: {lease.reason}")
        if self._terminates:
            threading.Thread(target=self._terminate, name="terminate", daemon=True).start()

    def restored(self, lease: Lease) -> None:
        """Say that a seat is held again."""
        self._output.warn(f"a seat is held again, session {lease.session_id}")

    def _terminate(self) -> None:
        child = self._child
        if child is None:
            return
        self._output.warn("ending the command")
        child.terminate()
        try:
            child.wait(TERMINATE_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()

    def _forward(self, number: int, frame: types.FrameType | None) -> None:
        del frame
        if self._child is None and not self._is_starting:
            raise SystemExit(SIGNALED + number)
        if self._child is None:
            self._early.append(number)
        elif not (number == signal.SIGINT and _is_foreground()):
            self._child.send_signal(number)


def _is_foreground() -> bool:
    """Say whether a terminal's Ctrl-C reaches the command by itself."""
    try:
        return sys.stdin.isatty() and os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except (OSError, ValueError, AttributeError):
        return False
