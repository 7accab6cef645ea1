"""pgbouncer in transaction mode before a private PostgreSQL, set up as the how-to says.

Debian has it; elsewhere the tests that ask for it are skipped, loudly.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from configparser import ConfigParser
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest

from coditect_license.private_postgres import PrivatePostgres
from tests.support.postgres import CONTROL_LOGIN, LEASING_LOGIN, folder_for_postgres
from tests.support.waiting import until

HOW_TO: Final = Path(__file__).resolve().parents[3] / "docs/how-to/pgbouncer.md"
POOL_SIZE: Final = 4
_PORT: Final = 6432  # names the socket's file; no port is opened
_START_SECONDS: Final = 10


@dataclass(frozen=True)
class Pooler:
    """A running pgbouncer: the folder of its socket."""

    sockets: Path

    def through(self, url: str) -> str:
        """Return the address of the same database and login by way of the pooler."""
        return f"{url.partition('?')[0]}?host={self.sockets}&port={_PORT}"


@contextmanager
def running_pgbouncer(server: PrivatePostgres, *, pool_size: int = POOL_SIZE) -> Iterator[Pooler]:
    """Run pgbouncer before a server until the block ends; skip the test where there is none.

    ``pool_size`` is the number of connections for each pair of login and database.
    """
    program = shutil.which("pgbouncer", path=f"{os.defpath}:/usr/sbin")
    if program is None:
        pytest.skip("NO PGBOUNCER HERE: apt-get install pgbouncer; nothing was tried through it")
    with folder_for_postgres() as folder:
        account = _account_of(server, folder)
        ini = _configure(folder, server, pool_size)
        with subprocess.Popen(
            [program, "--quiet", str(ini)], stderr=subprocess.DEVNULL, **account
        ) as process:
            try:
                pooler = Pooler(folder)
                until(
                    lambda: _answers(pooler, process),
                    seconds=_START_SECONDS,
                    failure="pgbouncer is not ready",
                )
                yield pooler
            finally:
                process.terminate()


def documented() -> ConfigParser:
    """Return the configuration that the how-to shows."""
    parser = ConfigParser(interpolation=None)
    parser.read_string(HOW_TO.read_text().split("```ini\n")[1].split("```")[0])
    return parser


def _configure(folder: Path, server: PrivatePostgres, pool_size: int) -> Path:
    """Write down what the how-to says, with addresses and logins of the test's own."""
    shown = documented()
    shown["databases"] = {"*": f"host={server.sockets}"}
    shown["pgbouncer"].update(
        listen_addr="",
        listen_port=str(_PORT),
        unix_socket_dir=str(folder),
        default_pool_size=str(pool_size),
        auth_type="trust",
        auth_file=str(folder / "userlist.txt"),
        logfile=str(folder / "pgbouncer.log"),
    )
    logins = ("license", LEASING_LOGIN, CONTROL_LOGIN)
    (folder / "userlist.txt").write_text("".join(f'"{login}" ""\n' for login in logins))
    with (folder / "pgbouncer.ini").open("w") as ini:
        shown.write(ini)
    return folder / "pgbouncer.ini"


def _account_of(server: PrivatePostgres, folder: Path) -> dict[str, Any]:
    """Return who may open the server's socket, as arguments of Popen: root must not pool."""
    if os.geteuid() != 0:
        return {}
    owner = server.sockets.stat()
    os.chown(folder, owner.st_uid, owner.st_gid)
    return {"user": owner.st_uid, "group": owner.st_gid}


def _answers(pooler: Pooler, process: "subprocess.Popen[bytes]") -> bool:
    try:
        psycopg.connect(pooler.through("postgresql://license@/postgres")).close()
    except psycopg.OperationalError:
        log = pooler.sockets / "pgbouncer.log"
        assert process.poll() is None, log.read_text() if log.exists() else "it said nothing"
        return False
    return True
