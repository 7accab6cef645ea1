"""Seats and processes: the end of a program, signals, forks. Every test runs real programs."""

import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator

import pytest

from coditect_license_sdk.testing import Deed, FakeLicenseServer

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks and POSIX signals")
LIMIT_SECONDS = 30


def start(program: str, environment: dict[str, str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(program)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(program: str, environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    process = start(program, environment)
    out, err = process.communicate(timeout=LIMIT_SECONDS)
    return subprocess.CompletedProcess([], process.returncode, out, err)


@pytest.fixture
def server() -> Iterator[FakeLicenseServer]:
    with FakeLicenseServer(seats=2) as running:
        yield running


@pytest.mark.parametrize(
    ("ending", "code"),
    [("pass", 0), ("import sys; sys.exit(7)", 7), ("raise RuntimeError('bug')", 1)],
)
def test_a_program_that_ends_gives_its_seat_back(
    server: FakeLicenseServer, environment: dict[str, str], ending: str, code: int
) -> None:
    program = "from coditect_license_sdk import LicenseClient; LicenseClient().acquire()\n"

    done = run(program + ending, environment)

    assert done.returncode == code, done.stderr
    assert server.count(Deed.RELEASE) == 1
    assert server.seats_in_use == 0


def test_a_seat_is_given_back_where_an_ending_program_may_start_no_thread(
    server: FakeLicenseServer, environment: dict[str, str]
) -> None:
    """Python 3.12 refuses new threads from the moment it shuts down; others do not."""
    program = """
        import atexit, threading
        from coditect_license_sdk import LicenseClient

        def refuse(*_):
            raise RuntimeError("can't create new thread at interpreter shutdown")

        LicenseClient().acquire()
        atexit.register(lambda: setattr(threading, "_start_new_thread", refuse))
        atexit.register(lambda: setattr(threading, "_start_joinable_thread", refuse))
    """

    done = run(program, environment)

    assert (done.returncode, done.stderr) == (0, "")
    assert server.seats_in_use == 0


def test_a_program_ends_in_time_though_the_server_hangs(
    server: FakeLicenseServer, environment: dict[str, str]
) -> None:
    server.hold_next(deed=Deed.RELEASE)
    program = """
        import atexit, time
        begun = []
        atexit.register(lambda: print(time.monotonic() - begun[0]))
        from coditect_license_sdk import LicenseClient
        LicenseClient().acquire()
        import atexit as last
        last.register(lambda: begun.append(time.monotonic()))
    """

    done = run(program, environment)

    assert done.returncode == 0, done.stderr
    assert 1.5 < float(done.stdout) < 4.0


def test_a_seat_not_kept_stays_taken_when_the_program_ends(
    server: FakeLicenseServer, environment: dict[str, str]
) -> None:
    program = """
        from coditect_license_sdk import LicenseClient
        LicenseClient().acquire(keep=False)
    """

    done = run(program, environment)

    assert done.returncode == 0, done.stderr
    assert server.seats_in_use == 1


WAITING = """
    import sys, signal, threading
    from coditect_license_sdk import LicenseClient
    {before}
    lease = LicenseClient({setting}).acquire()
    print("held", flush=True)
    threading.Event().wait(30)
"""


def test_ctrl_c_gives_the_seat_back(server: FakeLicenseServer, environment: dict[str, str]) -> None:
    # A shell's background jobs, these tests among them, are started with SIGINT ignored.
    heeded = "signal.signal(signal.SIGINT, signal.default_int_handler)"
    process = start(WAITING.format(before=heeded, setting=""), environment)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"

    process.send_signal(signal.SIGINT)
    process.communicate(timeout=LIMIT_SECONDS)

    assert server.seats_in_use == 0


def test_sigterm_is_the_programs_own_unless_asked(
    server: FakeLicenseServer, environment: dict[str, str]
) -> None:
    process = start(WAITING.format(before="", setting=""), environment)
    assert process.stdout is not None
    process.stdout.readline()

    process.terminate()
    process.communicate(timeout=LIMIT_SECONDS)

    assert process.returncode == -signal.SIGTERM
    assert server.seats_in_use == 1


def test_sigterm_releases_if_asked_and_still_ends_the_program_by_that_signal(
    server: FakeLicenseServer, environment: dict[str, str]
) -> None:
    process = start(WAITING.format(before="", setting="release_on_signals=True"), environment)
    assert process.stdout is not None
    process.stdout.readline()

    process.terminate()
    _out, err = process.communicate(timeout=LIMIT_SECONDS)

    assert process.returncode == -signal.SIGTERM, err
    assert server.seats_in_use == 0


def test_a_handler_that_was_there_before_is_called_after_the_release(
    server: FakeLicenseServer, environment: dict[str, str]
) -> None:
    before = "signal.signal(signal.SIGTERM, lambda *_: (print(lease.state.value), sys.exit(9)))"
    process = start(WAITING.format(before=before, setting="release_on_signals=True"), environment)
    assert process.stdout is not None
    process.stdout.readline()

    process.terminate()
    out, err = process.communicate(timeout=LIMIT_SECONDS)

    assert (process.returncode, out) == (9, "released\n"), err
    assert server.seats_in_use == 0


def test_a_forked_child_neither_keeps_nor_releases_its_parents_seat(
    server: FakeLicenseServer, environment: dict[str, str]
) -> None:
    program = """
        import os, sys, warnings
        warnings.simplefilter("ignore", DeprecationWarning)  # threads and fork: that is the test
        from coditect_license_sdk import LeaseForked, LicenseClient
        client = LicenseClient()
        with client.acquire() as lease:
            child = os.fork()
            if child == 0:
                try:
                    lease.require()
                except LeaseForked as error:
                    print(lease.state.value, lease.is_valid(), error.code, flush=True)
                lease.release()
                sys.exit(3)  # runs the child's exit functions
            _, status = os.waitpid(child, 0)
            print(os.waitstatus_to_exitcode(status), lease.is_valid(), flush=True)
    """

    done = run(program, environment)

    assert done.stdout.splitlines() == ["forked False lease_forked", "3 True"], done.stderr
    assert server.count(Deed.RELEASE) == 1
    assert server.seats_in_use == 0


def test_a_forked_child_acquires_for_itself_and_shares_the_devices_seat(
    server: FakeLicenseServer, environment: dict[str, str]
) -> None:
    program = """
        import os, sys, warnings
        warnings.simplefilter("ignore", DeprecationWarning)  # threads and fork: that is the test
        from coditect_license_sdk import LicenseClient
        client = LicenseClient()
        lease = client.acquire()
        child = os.fork()
        if child == 0:
            with client.acquire() as own:
                print(own.is_valid(), own.session_id == lease.session_id, flush=True)
            sys.exit(0)
        os.waitpid(child, 0)
        print(lease.is_valid(), flush=True)
        lease.release()
    """

    done = run(program, environment)

    assert done.stdout.splitlines() == ["True True", "True"], done.stderr
    instances = {
        str(request.body["instance_id"])
        for request in server.requests
        if request.deed is Deed.ACQUIRE
    }
    assert len(instances) == 2
    assert server.seats_in_use == 0
