"""Backups as an operator makes and restores them, for the tests that put ledgers back."""

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Final

import psycopg
from django.db import connections
from psycopg import sql
from psycopg.conninfo import make_conninfo

from coditect_license.backups.create import create_backup
from coditect_license.backups.ledgers import Ledger
from coditect_license.backups.postgres_ledger import PostgresLedger
from coditect_license.backups.restore import restore_backup
from coditect_license.backups.sqlite_ledger import SqliteLedger
from foundation.clock import Clock
from tests.support.backups import Backup
from tests.support.world import Address, World

PEPPERS: Final = {1: b"pepper-of-the-tests-".ljust(32, b".")}
_numbers: Final = count(1)


def ledger_at(address: Address, clock: Clock) -> Ledger:
    """Return a ledger on a test's clock."""
    if isinstance(address, Path):
        entry = connections["default"].settings_dict | {"NAME": address}
        return SqliteLedger(entry, say=_nobody, clock=clock)
    return PostgresLedger(address, say=_nobody, clock=clock)


class OperatorBackup(Backup):
    """A backup in a folder of its own, made beside whoever works with the ledger."""

    def __init__(self, address: Address, clock: Clock, folder: Path) -> None:
        self._ledger = ledger_at(address, clock)
        self._address = address
        self.folder = folder
        create_backup(folder, self._ledger, peppers=PEPPERS, clock=clock)

    def restore(self) -> None:
        kept = restore_backup(
            self.folder, self._ledger, peppers=PEPPERS, confirm=self._ledger.name, say=_nobody
        )
        if kept is not None and isinstance(self._address, str):
            drop_database(self._address, kept)


def backing_up_to(folder: Path) -> Callable[[World], Backup]:
    """Return what makes backups of a world, each in a folder of its own."""
    return lambda world: OperatorBackup(
        world.database, world.clock, folder / f"backup-{next(_numbers)}"
    )


def drop_database(address: str, name: str) -> None:
    """Drop a database of the same server."""
    server = make_conninfo(address, dbname="postgres")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))


def _nobody(line: str) -> None:
    """Hear nothing."""
