"""``python -m coditect_license.run_on_kms COMMAND``: a command beside a local Cloud KMS.

The keys live in the folder ``kms`` of LICENSE_DATA_DIR; the KMS starts before the command and stops
after it. For trying the product: ``make run SIGNER=kms``. The KMS is a program of its own, in
``local_kms/`` of the repository: nothing of it is imported here, and nothing of it is deployed.
"""

import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from coditect_license.embedded import data_dir
from coditect_license.parent_death import signal_on_parent_death
from foundation import env

_REPOSITORY: Final = Path(__file__).resolve().parents[2]
_START_SECONDS: Final = 60  # the first start makes three RSA keys
_STOP_SECONDS: Final = 10
_POLL_SECONDS: Final = 0.02
_TOLD: Final = """\
signing with {version}
To see it fail: make kms ARGS="fault AsymmetricSign --code UNAVAILABLE --folder {folder}"
and to heal it: make kms ARGS="heal --folder {folder}"
"""


class LocalKmsFailed(Exception):
    """The local KMS cannot be had; the message is one line and says why."""


def main(command: Sequence[str]) -> int:
    """Run a command that signs with a local KMS; return its exit status, 2 for a mistake."""
    try:
        folder = data_dir(env.text("LICENSE_DATA_DIR", ".local/sqlite-kms")) / "kms"
        _say("starting a local Cloud KMS (its first start makes keys, for a few seconds)\n")
        with _running_kms(folder) as settings:
            _say(_TOLD.format(folder=folder, version=settings["CLOUD_KMS_KEY_VERSION_NAME"]))
            return _run(command, settings)
    except (env.EnvironmentMistake, LocalKmsFailed) as error:
        sys.stderr.write(f"error: {error}\n")
        return 2


def _run(command: Sequence[str], settings: Mapping[str, str]) -> int:
    """Run the command to its own end: Ctrl-C reaches it from the terminal, SIGTERM from here."""
    child = subprocess.Popen(  # noqa: S603  the words are the caller's own shell's
        command, env=env.for_child(**settings)
    )
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    return child.wait()


@contextmanager
def _running_kms(folder: Path) -> Iterator[Mapping[str, str]]:
    """Run a local KMS on a free port and yield the settings of a server that shall use it."""
    with tempfile.TemporaryDirectory(prefix="license-kms-") as told:
        settings, errors = Path(told, "settings"), Path(told, "errors")
        with errors.open("wb") as said, _started(folder, settings, said.fileno()) as process:
            yield _settings_of(process, settings, errors)


@contextmanager
def _started(folder: Path, settings: Path, errors: int) -> Iterator["subprocess.Popen[bytes]"]:
    words = ("serve", "--port", "0", "--folder", str(folder), "--settings", str(settings))
    process = subprocess.Popen(  # noqa: S603  our own program
        [sys.executable, "-m", "local_kms", *words],
        cwd=_REPOSITORY,
        env=env.for_child(PYTHONPATH=str(_REPOSITORY / "backend")),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=errors,
        start_new_session=True,  # Ctrl-C is for the command, which may still sign
        preexec_fn=signal_on_parent_death(signal.SIGTERM),  # noqa: PLW1509  no threads yet
    )
    with process:
        try:
            yield process
        finally:
            _stop(process)


def _settings_of(
    process: "subprocess.Popen[bytes]", settings: Path, errors: Path
) -> Mapping[str, str]:
    deadline = time.monotonic() + _START_SECONDS
    while not settings.exists():
        if process.poll() is not None:
            raise LocalKmsFailed(f"the local KMS did not start: {_complaint(errors)}")
        if time.monotonic() > deadline:
            raise LocalKmsFailed(f"the local KMS is not ready after {_START_SECONDS} s")
        time.sleep(_POLL_SECONDS)
    return dict(line.split("=", 1) for line in settings.read_text().splitlines())


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _complaint(errors: Path) -> str:
    said = errors.read_text(errors="replace").strip().splitlines() or ["it said nothing"]
    return said[-1].removeprefix("error: ")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
