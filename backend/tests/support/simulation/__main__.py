"""Simulate many seeds: ``make simulate SEEDS=1000``, or in ``backend/``::

python -m tests.support.simulation --help
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

import django

DESCRIPTION = """
Run engine and store in virtual time, with crashes, lost, doubled and late messages, clock jumps
and slow commits. One seed is one run. A seed that breaks a promise is printed with what happened
to the lease in question, and kept for ever in tests/simulation/seeds.txt. Exits 1 if there was one.
"""


def main(arguments: Sequence[str]) -> int:
    """Simulate what the arguments say; return the exit status."""
    options = _parser().parse_args(arguments)
    with TemporaryDirectory(prefix="simulate-") as folder:
        migrated = _prepare(Path(folder))
        return _simulate(options, migrated)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make simulate", description=DESCRIPTION)
    parser.add_argument("--seeds", type=_positive, default=100, help="how many (SEEDS=100)")
    parser.add_argument(
        "--first", type=int, help="the first of them; drawn when not given (FIRST=)"
    )
    parser.add_argument("--operations", type=_positive, default=20_000, help="a seed (OPS=20000)")
    cores = os.cpu_count() or 1
    parser.add_argument("--jobs", type=_positive, default=cores, help=f"processes (JOBS={cores})")
    parser.add_argument("--bug", default="", help="plant a bug of docs/simulation.md (BUG=)")
    parser.add_argument("--keep-in", type=Path, help="the file of seeds, instead of the usual one")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _prepare(folder: Path) -> Path:
    """Set Django up, here and for the workers, and make the database that every run copies."""
    os.environ["LICENSE_PROFILE"] = "embedded"
    os.environ["LICENSE_DATA_DIR"] = str(folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "coditect_license.settings"
    os.environ.pop("LICENSE_DATABASE_URL", None)
    django.setup()
    from django.core.management import call_command
    from django.db import connections

    from tests.support.databases import use_database

    migrated = folder / "migrated.sqlite3"
    use_database(migrated)
    call_command("migrate", verbosity=0)
    connections["default"].close()
    return migrated


def _simulate(options: argparse.Namespace, migrated: Path) -> int:
    from tests.support.simulation.bugs import BUGS
    from tests.support.simulation.regressions import SEEDS_FILE
    from tests.support.simulation.report import Report
    from tests.support.simulation.runs import Order, play_all

    if options.bug and options.bug not in BUGS:
        _say(f"no such bug; there are: {', '.join(BUGS)}")
        return 2
    first = options.first if options.first is not None else int.from_bytes(os.urandom(4), "big")
    orders = [
        Order(seed, options.operations, options.bug) for seed in range(first, first + options.seeds)
    ]
    _say(f"{options.seeds} seeds from {first}, {options.operations} operations each")
    report = Report(orders, keep_in=options.keep_in or SEEDS_FILE, say=_say, seconds=monotonic)
    for verdict in play_all(orders, migrated, jobs=options.jobs):
        report.take(verdict)
    return report.status()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
