"""`coditect-license run -- COMMAND`: real programs, real signals."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from coditect_license_sdk.testing import Deed, FakeLicenseServer

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
LIMIT_SECONDS = 30
WAIT_FOR_SIGNAL = """
import signal, sys
caught = signal.Signals({number})
signal.signal(caught, lambda *_: sys.exit(42))
print("ready", flush=True)
signal.pause()
"""


@pytest.fixture
def server() -> Iterator[FakeLicenseServer]:
    with FakeLicenseServer(seats=1) as running:
        yield running


def start(environment: dict[str, str], *words: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "coditect_license_sdk", "run", *words],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(environment: dict[str, str], *words: str) -> "subprocess.CompletedProcess[str]":
    process = start(environment, *words)
    out, err = process.communicate(timeout=LIMIT_SECONDS)
    return subprocess.CompletedProcess(words, process.returncode, out, err)


@pytest.mark.parametrize(
    ("script", "code"), [("exit 0", 0), ("exit 1", 1), ("exit 77", 77), ("kill -9 $$", 137)]
)
def test_the_commands_exit_code_is_passed_on(
    server: FakeLicenseServer, environment: dict[str, str], script: str, code: int
) -> None:
    done = run(environment, "--", "sh", "-c", script)

    assert done.returncode == code, done.stderr
    assert (server.count(Deed.ACQUIRE), server.count(Deed.RELEASE)) == (1, 1)
    assert server.seats_in_use == 0


def test_the_seat_is_held_while_the_command_runs(
    server: FakeLicenseServer, environment: dict[str, str]
) -> None:
    process = start(environment, "--", "sh", "-c", "echo $CODITECT_LICENSE_SESSION; read x; exit 5")
    assert process.stdout is not None
    session_id = process.stdout.readline().strip()
    process.communicate(timeout=LIMIT_SECONDS)

    assert server.requests[0].deed is Deed.ACQUIRE
    assert session_id
    assert server._desk.ledger.why_ended(session_id) == "released"


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1"])
def test_signals_go_to_the_command(
    server: FakeLicenseServer, environment: dict[str, str], name: str
) -> None:
    number = signal.Signals[name]
    script = WAIT_FOR_SIGNAL.format(number=int(number))
    process = start(environment, "--", sys.executable, "-c", script)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"

    process.send_signal(number)
    _, err = process.communicate(timeout=LIMIT_SECONDS)

    assert process.returncode == 42, err
    assert server.seats_in_use == 0


def test_a_command_ended_by_a_signal_is_128_plus_its_number(
    server: FakeLicenseServer, environment: dict[str, str]
) -> None:
    process = start(environment, "--", "sh", "-c", "echo ready; exec sleep 60")
    assert process.stdout is not None
    process.stdout.readline()

    process.terminate()
    process.communicate(timeout=LIMIT_SECONDS)

    assert process.returncode == 128 + signal.SIGTERM
    assert server.seats_in_use == 0


def test_without_a_free_seat_the_command_does_not_run(
    server: FakeLicenseServer, environment: dict[str, str], tmp_path: Path
) -> None:
    server.seats = 0

    done = run(environment, "--", "touch", str(tmp_path / "ran"))

    assert done.returncode == 1
    assert "seats_exhausted" in done.stderr
    assert not (tmp_path / "ran").exists()


def test_a_signal_while_waiting_for_a_seat_ends_the_waiting(
    server: FakeLicenseServer, environment: dict[str, str]
) -> None:
    server.seats = 0
    process = start(environment, "--wait", "60", "--", "true")
    server.wait_for(Deed.ACQUIRE)

    process.terminate()
    process.communicate(timeout=LIMIT_SECONDS)

    assert process.returncode in {128 + signal.SIGTERM, -signal.SIGTERM}


@pytest.mark.parametrize(("word", "code"), [("/no/such/program", 127), ("/etc/passwd", 126)])
def test_a_command_that_cannot_run_is_told_as_a_shell_does(
    server: FakeLicenseServer, environment: dict[str, str], word: str, code: int
) -> None:
    done = run(environment, "--", word)

    assert done.returncode == code
    assert server.seats_in_use == 0


@pytest.fixture
def short_leases() -> Iterator[FakeLicenseServer]:
    """Leases of three seconds: real time, since another process keeps them."""
    with FakeLicenseServer(seats=1, lease_seconds=3) as running:
        yield running


@pytest.mark.parametrize(
    ("arguments", "code"), [((), 0), (("--on-lost", "terminate"), 128 + signal.SIGTERM)]
)
def test_a_lost_lease_is_told_and_ends_the_command_if_asked(
    short_leases: FakeLicenseServer,
    environment: dict[str, str],
    arguments: tuple[str, ...],
    code: int,
    tmp_path: Path,
) -> None:
    settings = {**environment, "CODITECT_LICENSE_URL": short_leases.url}
    pipe = tmp_path / "pipe"
    command = ("sh", "-c", f"mkfifo {pipe}; echo ready; read x < {pipe}")
    process = start(settings, *arguments, "--", *command)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()

    short_leases.refusal = "license_revoked"
    assert "the lease is lost" in process.stderr.readline()
    if not arguments:
        pipe.write_text("go on\n")
    process.communicate(timeout=LIMIT_SECONDS)

    assert process.returncode == code
