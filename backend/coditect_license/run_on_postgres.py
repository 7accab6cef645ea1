"""``python -m coditect_license.run_on_postgres COMMAND``: manage.py beside a private PostgreSQL.

The database lives in the folder ``database`` of LICENSE_DATA_DIR; it starts before the command and
stops after it. For trying the product: ``make run DB=postgres``.
"""

import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from coditect_license.embedded import data_dir
from coditect_license.plane_logins import ensure_leasing_login
from coditect_license.private_postgres import PostgresFailed, PrivatePostgres, running_postgres
from foundation import env

_MANAGE: Final = Path(__file__).resolve().parents[1] / "manage.py"
_DATABASE: Final = "license"
_LEASING_LOGIN: Final = "license_leasing"


def main(command: Sequence[str]) -> int:
    """Run one command of manage.py and return its exit status; 2 for a wrong setting."""
    try:
        folder = data_dir(env.text("LICENSE_DATA_DIR", ".local/postgres")) / "database"
        with running_postgres(folder) as server:
            server.ensure_database(_DATABASE)
            ensure_leasing_login(server, _LEASING_LOGIN)
            return _run(command, server)
    except (env.EnvironmentMistake, PostgresFailed) as error:
        sys.stderr.write(f"error: {error}\n")
        return 2


def _run(command: Sequence[str], server: PrivatePostgres) -> int:
    """Run the command to its own end: Ctrl-C reaches it from the terminal, SIGTERM from here."""
    environment = env.for_child(
        LICENSE_DATABASE_URL=server.url(_DATABASE),
        LICENSE_LEASING_DATABASE_URL=server.url(_DATABASE, login=_LEASING_LOGIN),
        LICENSE_PREPARED_STATEMENTS="on",
    )
    child = subprocess.Popen(  # noqa: S603  our own program; the words are the caller's own shell's
        [sys.executable, str(_MANAGE), *command], env=environment
    )
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    return child.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
