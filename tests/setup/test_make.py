"""The tasks of the Makefile on a machine that is not as one would wish."""

import os
import re
import shutil
import signal
import socket
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.server import give_root_key

from tests.support.ports import free_port

REPOSITORY = Path(__file__).resolve().parents[2]
STARTED = "Application startup complete."
SECONDS = 30
INDEX_IS_AWAY = ("No matching distribution", "Could not find a version", "Could not fetch URL")


def require_current_environment() -> None:
    """Skip, loudly, where ``make run`` would first install something into the working tree."""
    asked = subprocess.run(
        ["make", "--question", ".venv/installed-run"],
        cwd=REPOSITORY,
        capture_output=True,
        check=False,
    )
    if asked.returncode != 0:
        pytest.skip("THE ENVIRONMENT IS OLDER THAN ITS REQUIREMENTS: make test renews it")


def environment(data_dir: Path, **more: str) -> dict[str, str]:
    """Return next to nothing: what a fresh login has, and the settings of the test."""
    return {"PATH": os.environ["PATH"], "HOME": "", "LICENSE_DATA_DIR": str(data_dir)} | more


def make_run(data_dir: Path, **more: str) -> Any:
    """Run ``make run`` where it is expected to fail; return how it did."""
    require_current_environment()
    return subprocess.run(
        ["make", "run"],
        cwd=REPOSITORY,
        env=environment(data_dir, **{"PORT": str(free_port()), **more}),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def assert_one_clear_line(failed: Any, *words: str) -> None:
    """Check that a failure is one line with these words; make adds a line of its own."""
    assert failed.returncode != 0
    assert "Traceback" not in failed.stdout + failed.stderr
    said = [line for line in failed.stderr.splitlines() if not line.startswith("make")]
    assert len(said) == 1, failed.stderr
    for word in words:
        assert word in said[0]


@contextmanager
def running(folder: Path, environment: dict[str, str]) -> Iterator["subprocess.Popen[str]"]:
    """Run ``make run`` in a process group of its own until the test has seen enough."""
    process = subprocess.Popen(
        ["make", "run"],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):  # also for a server that make left behind
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def read_until_started(process: "subprocess.Popen[str]") -> str:
    """Return what it printed until it answers, or until it ended."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if STARTED in line:
            break
    return "".join(lines)


def test_make_alone_lists_every_task_with_a_line() -> None:
    makefile = (REPOSITORY / "Makefile").read_text()
    tasks = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert tasks is not None

    shown = subprocess.run(
        ["make", "--no-print-directory"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )

    lines = shown.stdout.splitlines()
    assert [line.split()[0] for line in lines] == tasks[1].split()
    assert all(len(line.split()) > 2 for line in lines)


def test_port_data_dir_and_an_empty_home_are_honoured(tmp_path: Path) -> None:
    require_current_environment()
    port, data_dir = free_port(), tmp_path / "data folder"
    data_dir.mkdir()
    give_root_key(data_dir)

    with running(REPOSITORY, environment(data_dir, PORT=str(port))) as process:
        output = read_until_started(process)
        assert httpx.get(f"http://127.0.0.1:{port}/health/").json() == {"status": "ok"}
        os.killpg(process.pid, signal.SIGINT)  # what a terminal does on Ctrl-C
        rest, _ = process.communicate(timeout=SECONDS)

    assert f"curl -X POST http://127.0.0.1:{port}/api/v1/licenses/acquire/" in output
    assert str(data_dir / "demo.json") in output
    assert "stopped: every acknowledged change is kept" in rest
    assert "Traceback" not in output + rest


def test_ending_make_ends_the_server(tmp_path: Path) -> None:
    """Supervisors signal the process they started: a server left behind would hold the port."""
    require_current_environment()
    give_root_key(tmp_path)

    with running(REPOSITORY, environment(tmp_path, PORT=str(free_port()))) as process:
        read_until_started(process)
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=SECONDS)

    assert "stopped: every acknowledged change is kept" in rest


def test_a_busy_port_is_one_clear_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        assert_one_clear_line(make_run(tmp_path, PORT=str(port)), str(port), "in use")


@pytest.mark.parametrize("port", ["abc", "0", "65536", "-1", "80 80", "\u0668"])
def test_a_bad_port_is_one_clear_line(tmp_path: Path, port: str) -> None:
    assert_one_clear_line(make_run(tmp_path, PORT=port), "PORT", "65535")


def test_a_data_folder_that_is_a_file_is_one_clear_line(tmp_path: Path) -> None:
    file = tmp_path / "data"
    file.write_text("something else")

    assert_one_clear_line(make_run(file), "LICENSE_DATA_DIR", str(file))
    assert_one_clear_line(make_run(file / "below"), "LICENSE_DATA_DIR", str(file))
    assert file.read_text() == "something else"


def test_a_data_folder_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    folder = Path("/sys")  # where even root may not
    if os.geteuid() != 0:
        folder = tmp_path / "locked"
        folder.mkdir(mode=0o500)

    assert_one_clear_line(make_run(folder), "LICENSE_DATA_DIR", str(folder))


def test_a_wrong_profile_is_one_clear_line(tmp_path: Path) -> None:
    settings = environment(tmp_path, LICENSE_PROFILE="laptop")

    failed = subprocess.run(
        [str(REPOSITORY / ".venv/bin/python"), "backend/manage.py", "serve"],
        cwd=REPOSITORY,
        env=settings,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )

    assert_one_clear_line(failed, "LICENSE_PROFILE")


def test_an_old_python_is_one_clear_line(tmp_path: Path) -> None:
    old = tmp_path / "python3.9"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2"\nexit 1\n')
    old.chmod(0o755)

    failed = subprocess.run(
        ["scripts/dev/find-python"],
        cwd=REPOSITORY,
        env=os.environ | {"PYTHON": str(old)},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )

    assert_one_clear_line(failed, "3.11 or newer", "PYTHON=")
    assert failed.stdout == ""


def test_an_optimized_python_is_taken_before_another(tmp_path: Path) -> None:
    plain = _python(tmp_path / "first", is_optimized=False)
    optimized = _python(tmp_path / "second", is_optimized=True)

    assert _found_on(plain.parent, optimized.parent) == str(optimized)
    assert _found_on(plain.parent) == str(plain)


def _python(folder: Path, *, is_optimized: bool) -> Path:
    """Return a Python of the right version, which tells of its build only that much."""
    folder.mkdir()
    python = folder / "python3"
    status = 0 if is_optimized else 1
    python.write_text(f'#!/bin/sh\ncase "$2" in *optimizations*) exit {status} ;; esac\n')
    python.chmod(0o755)
    return python


def _found_on(*folders: Path) -> str:
    answer = subprocess.run(
        ["/bin/sh", "scripts/dev/find-python"],
        cwd=REPOSITORY,
        env={"PATH": os.pathsep.join(map(str, folders))},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
    )
    return answer.stdout.strip()


def test_a_fresh_clone_runs_with_an_empty_environment(tmp_path: Path) -> None:
    """The whole way of a newcomer: needs the package index, and takes some 20 seconds."""
    clone, home, port = tmp_path / "clone", tmp_path / "home", free_port()
    home.mkdir()
    copy_what_git_knows(clone)
    bare = {"PATH": os.environ["PATH"], "HOME": str(home), "PORT": str(port)}

    with running(clone, bare) as process:
        output = read_until_started(process)
        if STARTED not in output and any(words in output for words in INDEX_IS_AWAY):
            pytest.skip("THE PACKAGE INDEX IS OUT OF REACH: a fresh clone was not tried")
        assert STARTED in output, output
        assert httpx.get(f"http://127.0.0.1:{port}/health/").json() == {"status": "ok"}

    assert output.index("making the environment") < output.index("installing requirements")
    assert "making the RSA-4096 root key" in output
    assert stat.S_IMODE((clone / ".local/demo.json").stat().st_mode) == 0o600


def copy_what_git_knows(clone: Path) -> None:
    """Copy the working tree as it would be committed now, for a clone has only that."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        source, target = REPOSITORY / name, clone / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
