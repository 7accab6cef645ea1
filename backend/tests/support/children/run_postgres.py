"""Run a private PostgreSQL until standard input ends or the process is killed.

Argument: its folder. The lines are the server's process and the address of a database.
"""

import sys
from pathlib import Path

from coditect_license.private_postgres import running_postgres
from tests.support.telling import tell


def main(folder: Path) -> None:
    with running_postgres(folder, durable=False) as server:
        tell(str(server.pid))
        tell(server.url("postgres"))
        sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
