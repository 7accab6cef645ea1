"""``python -m coditect_license.run_on_postgres COMMAND``: manage.py beside a private PostgreSQL.

The database lives in the folder ``database`` of LICENSE_DATA_DIR; it starts before the command and
stops after it. For trying the product: ``make run DB=postgres``. A server has the logins of
production, so the walls hold here as there; all other commands have the owner's.
"""

import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from coditect_license.embedded import data_dir
from coditect_license.plane_logins import ensure_control_login, ensure_leasing_login
from coditect_license.private_postgres import PostgresFailed, PrivatePostgres, running_postgres
from foundation import env

_MANAGE: Final = Path(__file__).resolve().parents[1] / "manage.py"
_DATABASE: Final = "license"
_CONTROL_LOGIN: Final = "license_control"
_LEASING_LOGIN: Final = "license_leasing"


def main(command: Sequence[str]) -> int:
    """Run one command of manage.py and return its exit status; 2 for a wrong setting."""
    try:
        with prepared_postgres() as server:
            statuses = (_run(*step, server) for step in _steps(command, server))
            return next((status for status in statuses if status), 0)
    except (env.EnvironmentMistake, PostgresFailed) as error:
        sys.stderr.write(f"error: {error}\n")
        return 2


@contextmanager
def prepared_postgres() -> Iterator[PrivatePostgres]:
    """Run the PostgreSQL of the data folder, with its database and logins, until the block ends.

    Raises EnvironmentMistake for a folder that cannot be used, and PostgresFailed, also while
    another process runs it.
    """
    folder = data_dir(env.text("LICENSE_DATA_DIR", ".local/postgres")) / "database"
    with running_postgres(folder) as server:
        server.ensure_database(_DATABASE)
        ensure_leasing_login(server, _LEASING_LOGIN)
        ensure_control_login(server, _CONTROL_LOGIN)
        yield server


def settings_on(server: PrivatePostgres, address: str = "") -> dict[str, str]:
    """Return the settings of a process on this database, by the owner's login unless told."""
    return {
        "LICENSE_DATABASE_URL": address or server.url(_DATABASE),
        "LICENSE_LEASING_DATABASE_URL": server.url(_DATABASE, login=_LEASING_LOGIN),
        "LICENSE_BACKUP_DATABASE_URL": server.url(_DATABASE),
        "LICENSE_PREPARED_STATEMENTS": "on",
    }


def _steps(command: Sequence[str], server: PrivatePostgres) -> Iterator[tuple[Sequence[str], str]]:
    """Yield the commands to run, each with the address of the database for its login."""
    owner, control = server.url(_DATABASE), server.url(_DATABASE, login=_CONTROL_LOGIN)
    if [*command] == ["quickstart"]:
        yield ("quickstart", "--prepare-only"), owner
        yield ("serve",), control
    else:
        yield command, control if [*command] == ["serve"] else owner


def _run(command: Sequence[str], address: str, server: PrivatePostgres) -> int:
    """Run a command to its own end: Ctrl-C reaches it from the terminal, SIGTERM from here."""
    environment = env.for_child(**settings_on(server, address))
    child = subprocess.Popen(  # noqa: S603  our own program; the words are the caller's own shell's
        [sys.executable, str(_MANAGE), *command], env=environment
    )
    interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)
    terminate = signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    try:
        return child.wait()
    finally:
        signal.signal(signal.SIGINT, interrupt)
        signal.signal(signal.SIGTERM, terminate)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
