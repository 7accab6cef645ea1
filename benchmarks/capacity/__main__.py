"""``python -m benchmarks.capacity``: load leases, measure what one PostgreSQL carries, keep it."""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psycopg

from benchmarks.capacity import acquires, heartbeats, huge_pages, over_http, tables
from benchmarks.capacity.fleet import Fleet, steps_to
from benchmarks.capacity.heartbeats import Pace
from benchmarks.capacity.loading import Loader
from benchmarks.capacity.prepared import Site, prepare
from benchmarks.command import add_options, carry_out
from benchmarks.figures import Answer
from benchmarks.machine import NotMeasurable, describe_machine, describe_software
from benchmarks.report import Report, say
from benchmarks.server import MeasurementFailed
from coditect_license.private_postgres import PostgresFailed, PrivatePostgres, running_postgres

BUFFERS_MEGABYTES: Final = 4_096
SETTINGS: Final = {
    "shared_buffers": f"{BUFFERS_MEGABYTES}MB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "15min",
    "max_connections": "50",
}
"""As an operator of a small primary would set them; everything is durable, as always."""

_TOLD: Final = (
    *SETTINGS,
    "huge_pages",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "wal_compression",
)


def main(arguments: list[str] | None = None) -> int:
    """Measure and return the exit status, as ``python -m benchmarks`` does."""
    wanted = _parser().parse_args(arguments)
    return carry_out(_measure, wanted, obstacles=(NotMeasurable, PostgresFailed))


def _measure(wanted: argparse.Namespace) -> Report:
    began_at = datetime.now(UTC)
    pace = Pace(wanted.seconds, wanted.rounds, say)
    answers: list[Answer] = []
    failures: list[str] = []
    with tempfile.TemporaryDirectory(prefix="capacity-", dir=wanted.directory) as directory:
        folder = Path(directory)
        machine = describe_machine(folder)
        with (
            huge_pages.reserved(BUFFERS_MEGABYTES) as has_huge_pages,
            running_postgres(
                folder / "database",
                settings={**SETTINGS, "huge_pages": "on" if has_huge_pages else "off"},
            ) as server,
        ):
            if not has_huge_pages:
                say("no huge pages: reserving them takes root and free memory; rates are lower")
            sites = [load_site(server, folder, leases) for leases in steps_to(wanted.leases)]
            try:
                answers += _answers(sites, pace, store_only=wanted.store_only)
            except MeasurementFailed as error:
                failures.append(str(error))
            database = _told(server)
    return Report(
        began_at=began_at.isoformat(timespec="seconds"),
        seconds_per_round=wanted.seconds,
        rounds=wanted.rounds,
        machine=machine,
        software=describe_software(),
        answers=answers,
        failures=failures,
        database=database,
    )


def _answers(sites: list[Site], pace: Pace, *, store_only: bool) -> Iterator[Answer]:
    yield tables.answer(sites, pace)
    yield heartbeats.answer(sites, pace)
    if not store_only:
        yield over_http.answer(sites, pace)
    yield acquires.answer(sites[-1], pace)
    yield heartbeats.after_a_checkpoint(sites[-1], pace)


def load_site(server: PrivatePostgres, folder: Path, leases: int) -> Site:
    """Make a database and load so many leases into it."""
    name = f"leases_{leases}"
    server.ensure_database(name)
    fleet, data_folder = Fleet(leases), folder / name
    say(f"preparing a database for {leases:,} leases on {len(fleet.held):,} licenses")
    ledger = prepare(data_folder, server.url(name), fleet.held)
    seconds = Loader(server.url(name), ledger, fleet, say).load_to(leases)
    say(f"loaded {leases:,} leases in {seconds:.0f} s")
    return Site(leases, server.url(name), data_folder, ledger, server.pid)


def _told(server: PrivatePostgres) -> dict[str, str]:
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        return {
            name: str(connection.execute(f"SHOW {name}".encode()).fetchone()[0])  # type: ignore[index]
            for name in ("server_version", *_TOLD)
        }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.capacity",
        description="Load live leases into a private PostgreSQL and measure what it carries, "
        "from 10,000 leases on in steps of ten; see benchmarks/README.md and docs/capacity.md.",
    )
    parser.add_argument(
        "--leases", type=int, default=1_000_000, help="how many at the last step (1,000,000)"
    )
    parser.add_argument("--store-only", action="store_true", help="leave the servers and HTTP out")
    add_options(parser, rounds=3, made_there="the database is")
    return parser


if __name__ == "__main__":
    sys.exit(main())
