"""Runs on fresh ledgers: one here, or many in processes of their own."""

import multiprocessing
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import django

from tests.support.databases import use_database
from tests.support.folders import quick_folder
from tests.support.simulation.bugs import BUGS, NO_BUG
from tests.support.simulation.run import Run, Verdict


class Order(NamedTuple):
    """A run to be made; ``bug`` names what is planted, or is empty."""

    seed: int
    operations: int
    bug: str = ""


def play(order: Order, migrated: Path) -> Verdict:
    """Make one run on a copy of a migrated database."""
    bug = BUGS[order.bug] if order.bug else NO_BUG
    with TemporaryDirectory(prefix="simulation-", dir=quick_folder()) as folder:
        database = Path(folder) / "license.sqlite3"
        database.write_bytes(migrated.read_bytes())
        use_database(database)
        run = Run(order.seed, database, open_store=bug.open_store, engine=bug.engine)
        verdict = run.play(order.operations)
        use_database(migrated)
    return verdict


def play_all(orders: Iterable[Order], migrated: Path, *, jobs: int) -> Iterator[Verdict]:
    """Make runs in ``jobs`` processes; yield the verdicts in the order of the orders."""
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs, spawn, initializer=django.setup)
    try:
        yield from pool.map(partial(play, migrated=migrated), orders)
    finally:
        pool.shutdown(cancel_futures=True)
