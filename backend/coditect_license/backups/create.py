"""Making a backup, beside whoever works with the ledger."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from coditect_license.backups.errors import BackupFailed
from coditect_license.backups.ledgers import Ledger
from coditect_license.backups.manifest import (
    Manifest,
    applied_migrations,
    fingerprints,
    sha256_of,
    write_manifest,
)
from foundation.clock import Clock
from signing.models import SigningKey

_FILES: Final = {"sqlite": "ledger.sqlite3", "postgresql": "ledger.dump"}


def create_backup(
    folder: Path, ledger: Ledger, *, peppers: Mapping[int, bytes], clock: Clock
) -> Manifest:
    """Make a backup as a new folder of mode 0700, whole or not at all. Raises BackupFailed.

    It holds the database and nothing else: no pepper, no private key, no secret of the settings.
    """
    draft = folder.with_name(f".{folder.name}.draft")
    try:
        if folder.exists():
            raise BackupFailed(f"{folder} exists already: name a new folder")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700, parents=True)
        manifest = _fill(draft, ledger, peppers=peppers, clock=clock)
        draft.rename(folder)
    except OSError as error:
        raise BackupFailed(f"{folder} cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return manifest


def _fill(folder: Path, ledger: Ledger, *, peppers: Mapping[int, bytes], clock: Clock) -> Manifest:
    made_at = clock()
    path = folder / _FILES[ledger.kind]
    ledger.copy(path)
    ledger.require_sound(path)
    _flush(path)
    manifest = Manifest(
        kind=ledger.kind,
        file=path.name,
        bytes=path.stat().st_size,
        sha256=sha256_of(path),
        made_at=made_at,
        migrations=applied_migrations(),
        peppers=fingerprints(peppers),
        root_key_ids=list(SigningKey.objects.order_by("key_id").values_list("key_id", flat=True)),
        roles=ledger.roles(),
    )
    write_manifest(folder, manifest)
    return manifest


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
