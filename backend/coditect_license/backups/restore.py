"""Putting a ledger back to a backup: everything is done to a draft, which then takes its place."""

import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path

import psycopg
from django.core.management import call_command
from django.db import DatabaseError, connections

from coditect_license.backups.errors import BackupFailed, NotConfirmed
from coditect_license.backups.ledgers import Draft, Ledger, Say
from coditect_license.backups.manifest import (
    Manifest,
    read_manifest,
    require_suitable,
    require_whole,
)
from coditect_license.operator_login import django_on
from leasing.errors import StoreUnavailable
from signing.operations import outrun_backup

Complete = Callable[[Draft], None]


def _nothing_more(_draft: Draft) -> None:
    """Leave a draft as it is."""


def verify_backup(
    folder: Path, ledger: Ledger, *, peppers: Mapping[int, bytes], without_peppers: bool = False
) -> Manifest:
    """Return the manifest of a backup that could be restored here. Changes nothing.

    Raises BackupDamaged and BackupUnsuitable. Does not check who made the backup.
    """
    manifest = read_manifest(folder)
    file = require_whole(folder, manifest)
    require_suitable(manifest, ledger.kind, peppers, without_peppers=without_peppers)
    ledger.require_sound(file)
    return manifest


def restore_backup(
    folder: Path,
    ledger: Ledger,
    *,
    peppers: Mapping[int, bytes],
    confirm: str | None,
    say: Say,
    without_peppers: bool = False,
    complete: Complete = _nothing_more,
) -> str | None:
    """Put the ledger back to a backup; return what the one it replaced is called now, or None.

    The draft is migrated, ``complete`` runs with Django on it, and a reclaim hold begins in it.
    ``confirm`` names a ledger that is not empty. Until the last step, and when anything fails, the
    ledger is what it was. Raises BackupFailed.
    """
    manifest = verify_backup(folder, ledger, peppers=peppers, without_peppers=without_peppers)
    if not ledger.is_empty() and confirm != ledger.name:
        raise NotConfirmed(
            f"{ledger.name} is not empty and would be replaced: confirm it with "
            f"--confirm {ledger.name}"
        )
    connections["default"].close()
    try:
        with ledger.restoring(folder / manifest.file, manifest) as draft:
            say("preparing the restored ledger")
            _prepare(draft, complete)
            return draft.take_over()
    except (OSError, DatabaseError, sqlite3.Error, psycopg.Error, StoreUnavailable) as error:
        reason = str(error).strip().partition("\n")[0]
        raise BackupFailed(f"the restore failed and changed nothing: {reason}") from error


def _prepare(draft: Draft, complete: Complete) -> None:
    with django_on(draft.entry):
        call_command("migrate", verbosity=0)
        complete(draft)
        draft.open_store().close()  # whoever is live in the backup keeps its seat (S2)
        outrun_backup()
