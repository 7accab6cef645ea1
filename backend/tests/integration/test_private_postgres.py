"""A private PostgreSQL: from an empty folder to a server, and gone when its block ends."""

import os
import pwd
import signal
import stat
import subprocess
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from coditect_license import private_postgres
from coditect_license.private_postgres import PostgresFailed, PrivatePostgres, running_postgres
from tests.support.children import child, line_of
from tests.support.postgres import folder_for_postgres

NOBODY = pwd.getpwnam("nobody")
only_as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as somebody else")


@pytest.fixture
def folder() -> Iterator[Path]:
    with folder_for_postgres() as empty:
        yield empty


class TestARunningServer:
    def test_it_is_postgres_16_with_utf8_and_checksums(
        self, postgres_server: PrivatePostgres
    ) -> None:
        assert setting("server_version", postgres_server).startswith("16.")
        assert setting("server_encoding", postgres_server) == "UTF8"
        assert setting("data_checksums", postgres_server) == "on"
        assert ask(postgres_server, "SELECT 'a' < 'B' COLLATE \"default\"") is False

    def test_it_is_a_child_of_ours_and_opens_no_port(
        self, postgres_server: PrivatePostgres
    ) -> None:
        assert os.getpgid(postgres_server.pid) == postgres_server.pid  # Ctrl-C does not reach it
        assert parent_of(postgres_server.pid) == os.getpid()
        assert setting("listen_addresses", postgres_server) == ""

    def test_strangers_cannot_reach_its_socket(self, postgres_server: PrivatePostgres) -> None:
        assert stat.S_IMODE(postgres_server.sockets.stat().st_mode) == 0o700

    @pytest.mark.parametrize("name", ["ledger", "a b", "ümläut/?&@:%", 'quo"te'])
    def test_a_database_is_made_once(self, name: str, postgres_server: PrivatePostgres) -> None:
        postgres_server.ensure_database(name)
        postgres_server.ensure_database(name)

        with psycopg.connect(postgres_server.url(name)) as connection:
            assert connection.info.dbname == name


class TestStartAndStop:
    def test_what_was_written_is_there_after_a_restart(self, folder: Path) -> None:
        with running_postgres(folder) as server:
            write(server, "kept")

        with running_postgres(folder) as server:
            assert read(server) == ["kept"]

    def test_nothing_is_left_after_the_block(self, folder: Path) -> None:
        with running_postgres(folder, durable=False) as server:
            pass

        assert not (folder / "data" / "postmaster.pid").exists()
        assert not list((folder / "sockets").iterdir())
        with pytest.raises(ProcessLookupError):
            os.kill(server.pid, 0)

    def test_it_stops_under_an_open_connection(self, folder: Path) -> None:
        with running_postgres(folder, durable=False) as server:
            connection = psycopg.connect(server.url("postgres"))

        with connection, pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")

    def test_it_stops_when_the_block_fails(self, folder: Path) -> None:
        with pytest.raises(ZeroDivisionError), running_postgres(folder, durable=False) as server:
            _ = 1 / 0

        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(server.url("postgres"))

    def test_two_in_different_folders_know_nothing_of_each_other(
        self, folder: Path, postgres_server: PrivatePostgres
    ) -> None:
        with running_postgres(folder, durable=False) as server:
            write(server, "here")

            assert ask(server, "SELECT to_regclass('note') IS NOT NULL")
            assert not ask(postgres_server, "SELECT to_regclass('note') IS NOT NULL")

    def test_one_folder_has_one_server(self, folder: Path) -> None:
        with (
            running_postgres(folder, durable=False) as server,
            pytest.raises(PostgresFailed, match="another PostgreSQL works in"),
            running_postgres(folder, durable=False, wait_seconds=0),
        ):
            pass

        assert server.pid > 0

    def test_durability_is_on_unless_switched_off(
        self, folder: Path, postgres_server: PrivatePostgres
    ) -> None:
        names = ("fsync", "synchronous_commit", "full_page_writes")
        with running_postgres(folder) as durable:
            assert {setting(name, durable) for name in names} == {"on"}

        assert {setting(name, postgres_server) for name in names} == {"off"}


class TestAfterAKill:
    def test_a_server_that_was_killed_starts_again(self, folder: Path) -> None:
        with running_postgres(folder) as server:
            write(server, "kept")
            os.kill(server.pid, signal.SIGKILL)

        assert (folder / "data" / "postmaster.pid").exists()
        with running_postgres(folder) as server:
            assert read(server) == ["kept"]

    def test_a_stale_pid_file_may_name_a_process_that_lives(self, folder: Path) -> None:
        with running_postgres(folder) as server:
            os.kill(server.pid, signal.SIGKILL)
        put_into_pid_file(folder, os.getpid())

        with running_postgres(folder) as server:
            assert ask(server, "SELECT 1") == 1

    @pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux tells the server")
    def test_it_ends_when_its_parent_is_killed(self, folder: Path) -> None:
        with child("run_postgres", folder) as parent:
            pid = int(line_of(parent))
            url = line_of(parent)
            parent.kill()

        with running_postgres(folder, durable=False) as successor:  # waits for the folder's lock
            assert successor.pid != pid
            assert successor.url("postgres") == url.strip()

    def test_a_first_start_that_was_interrupted_begins_anew(self, folder: Path) -> None:
        half = folder / "data.draft"
        half.mkdir()
        (half / "PG_VERSION").write_text("16")
        os.chown(folder, *owner_of_a_servers_folder())

        with running_postgres(folder, durable=False) as server:
            assert ask(server, "SELECT 1") == 1


class TestWhoRunsIt:
    @only_as_root
    def test_as_root_it_is_nobody_where_nobody_can_go(self, folder: Path) -> None:
        with running_postgres(folder, durable=False) as server:
            assert uid_of(server.pid) == NOBODY.pw_uid
            assert (folder / "data").stat().st_uid == NOBODY.pw_uid

    @only_as_root
    def test_as_root_it_runs_in_a_folder_that_only_root_can_enter(self, tmp_path: Path) -> None:
        require_user_namespaces()
        closed = tmp_path / "closed"
        closed.mkdir(mode=0o700)

        for _ in range(2):
            with running_postgres(closed / "postgres", durable=False) as server:
                assert ask(server, "SELECT 1") == 1
                assert uid_of(server.pid) == 0
                assert capabilities_of(server.pid) == 0
                assert (closed / "postgres" / "data").stat().st_uid == 0

    @only_as_root
    def test_as_root_it_runs_as_the_owner_of_the_folder(self, folder: Path) -> None:
        os.chown(folder, NOBODY.pw_uid, NOBODY.pw_gid)

        with running_postgres(folder, durable=False) as server:
            assert uid_of(server.pid) == NOBODY.pw_uid

    @only_as_root
    def test_another_user_runs_it_too(self, folder: Path) -> None:
        require_that_others_can_read(Path(private_postgres.__file__), Path(psycopg.__file__))
        os.chown(folder, NOBODY.pw_uid, NOBODY.pw_gid)

        def start_and_stop() -> None:
            with running_postgres(folder, durable=False) as server:
                assert uid_of(server.pid) == os.getuid() == NOBODY.pw_uid
                assert ask(server, "SELECT 1") == 1

        assert succeeds_as_nobody(start_and_stop)


class TestWhereItsSocketIs:
    def test_a_long_path_has_a_short_folder_for_the_socket(self, folder: Path) -> None:
        deep = folder / ("d" * 100)

        with running_postgres(deep, durable=False) as server:
            assert not server.sockets.is_relative_to(folder)
            assert ask(server, "SELECT 1") == 1

        assert not server.sockets.exists()

    @pytest.mark.parametrize("name", ["with a space", "a,b", 'quo"te', "per%20cent", "it's"])
    def test_an_odd_path_is_no_trouble(self, folder: Path, name: str) -> None:
        folder.chmod(0o711)

        with running_postgres(folder / name, durable=False) as server:
            assert ask(server, "SELECT 1") == 1


class TestRefusals:
    def test_a_file_in_the_folders_place(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")

        assert "File exists" in refusal(tmp_path / "file")

    def test_data_of_another_version(self, folder: Path) -> None:
        with running_postgres(folder, durable=False):
            pass
        (folder / "data" / "PG_VERSION").write_text("15\n")

        assert "incompatible" in refusal(folder)

    @only_as_root
    def test_a_folder_whose_owner_may_not_enter_it(self, tmp_path: Path) -> None:
        os.chown(tmp_path, NOBODY.pw_uid, NOBODY.pw_gid)  # the folder above is root's alone

        assert "Permission denied" in refusal(tmp_path)


def refusal(folder: Path) -> str:
    with pytest.raises(PostgresFailed) as refused, running_postgres(folder, durable=False):
        pass
    assert len(str(refused.value).splitlines()) == 1
    return str(refused.value)


def ask(server: PrivatePostgres, query: str) -> object:
    with psycopg.connect(server.url("postgres")) as connection:
        (answer,) = connection.execute(query.encode()).fetchone() or ()
    return answer


def setting(name: str, server: PrivatePostgres) -> str:
    return str(ask(server, f"SELECT current_setting('{name}')"))


def write(server: PrivatePostgres, text: str) -> None:
    with psycopg.connect(server.url("postgres")) as connection:
        connection.execute("CREATE TABLE note (text text)")
        connection.execute("INSERT INTO note VALUES (%s)", [text])


def read(server: PrivatePostgres) -> list[str]:
    with psycopg.connect(server.url("postgres")) as connection:
        return [text for (text,) in connection.execute("SELECT text FROM note")]


def put_into_pid_file(folder: Path, pid: int) -> None:
    file = folder / "data" / "postmaster.pid"
    _, *rest = file.read_text().splitlines(keepends=True)
    file.write_text("".join([f"{pid}\n", *rest]))


def owner_of_a_servers_folder() -> tuple[int, int]:
    if os.geteuid() == 0:
        return NOBODY.pw_uid, NOBODY.pw_gid
    return os.geteuid(), os.getegid()


def status_of(pid: int, name: str) -> str:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return line.split()[1]
    raise LookupError(name)


def uid_of(pid: int) -> int:
    return int(status_of(pid, "Uid"))


def parent_of(pid: int) -> int:
    return int(status_of(pid, "PPid"))


def capabilities_of(pid: int) -> int:
    return int(status_of(pid, "CapEff"), 16)


def require_user_namespaces() -> None:
    tried = subprocess.run(["unshare", "--user", "true"], capture_output=True, check=False)
    if tried.returncode != 0:
        pytest.skip(f"no user namespaces here: {tried.stderr.decode().strip()}")


def require_that_others_can_read(*paths: Path) -> None:
    for parent in (parent for path in paths for parent in path.resolve().parents):
        if not parent.stat().st_mode & stat.S_IXOTH:
            pytest.skip(f"other users cannot enter {parent}, so none can run this code")


def succeeds_as_nobody(deed: Callable[[], None]) -> bool:
    """Do something in a forked process: a new one might find its interpreter under /root."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside other threads
        pid = os.fork()
    if pid == 0:
        try:
            os.setgroups([])
            os.setgid(NOBODY.pw_gid)
            os.setuid(NOBODY.pw_uid)
            deed()
        except BaseException:  # noqa: BLE001  whatever it is, this process must end here
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status) == 0


def test_settings_and_an_environment_of_the_callers_reach_the_server(folder: Path) -> None:
    given = {"work_mem": "5MB", "timezone": "Europe/Berlin"}
    with running_postgres(
        folder, durable=False, settings=given, environment={"FOR_TESTS": "yes"}
    ) as server:
        with psycopg.connect(server.url("postgres")) as connection:
            shown = [connection.execute(f"SHOW {name}".encode()).fetchone() for name in given]
        environment = Path(f"/proc/{server.pid}/environ")

        assert shown == [("5MB",), ("Europe/Berlin",)]
        if environment.exists():
            assert b"FOR_TESTS=yes" in environment.read_bytes()
