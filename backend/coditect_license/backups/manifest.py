"""The manifest: what a backup is, and how to tell that it still is.

It guards against accidents. Whoever can write to a backup can write a manifest that fits.
"""

import hashlib
import hmac
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

import msgspec
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from msgspec import Struct

from coditect_license.backups.errors import BackupDamaged, BackupFailed, BackupUnsuitable

MANIFEST: Final = "manifest.json"
_FORM: Final = 1
_PURPOSE: Final = b"coditect-license: which pepper is this"
_PRINT_DIGITS: Final = 16

Kind = Literal["sqlite", "postgresql"]


class Manifest(Struct, frozen=True, forbid_unknown_fields=True):
    """``manifest.json``: beside it lies ``file`` of so many bytes with this SHA-256.

    ``migrations`` are the last ones applied, by app. ``peppers`` are fingerprints by version: they
    tell whether a pepper is the right one and nothing else of it. ``root_key_ids`` are the roots
    that the ledger publishes. ``roles`` must exist in PostgreSQL before a restore.
    """

    kind: Kind
    file: str
    bytes: int
    sha256: str
    made_at: datetime
    migrations: dict[str, list[str]]
    peppers: dict[str, str]
    root_key_ids: list[str]
    roles: list[str] = []
    form: int = _FORM


def fingerprints(peppers: Mapping[int, bytes]) -> dict[str, str]:
    """Return what tells peppers apart by version: 64 bits of an HMAC under each."""
    return {
        str(version): hmac.digest(pepper, _PURPOSE, hashlib.sha256).hex()[:_PRINT_DIGITS]
        for version, pepper in peppers.items()
    }


def applied_migrations() -> dict[str, list[str]]:
    """Return every migration that Django's connection has seen, by app, in order of their names."""
    names: dict[str, list[str]] = {}
    for app, name in MigrationLoader(connection).applied_migrations:
        names.setdefault(app, []).append(name)
    return {app: sorted(found) for app, found in sorted(names.items())}


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest, durably, readable by its owner alone."""
    text = msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"
    descriptor = os.open(folder / MANIFEST, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def read_manifest(folder: Path) -> Manifest:
    """Return a backup's manifest. Raises BackupDamaged for anything else."""
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except FileNotFoundError:
        raise BackupFailed(f"{folder} is no backup: it has no {MANIFEST}") from None
    except OSError as error:
        raise BackupFailed(f"{folder / MANIFEST} cannot be read: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise BackupDamaged(f"{folder / MANIFEST} is damaged: {error}") from error
    if manifest.form != _FORM:
        raise BackupUnsuitable(f"{folder} has a form that this version does not know")
    if Path(manifest.file).name != manifest.file:
        raise BackupDamaged(f"{folder / MANIFEST} is damaged: the file lies elsewhere")
    return manifest


def require_whole(folder: Path, manifest: Manifest) -> Path:
    """Return the backup's file. Raises BackupDamaged unless each byte is as it was written."""
    path = folder / manifest.file
    try:
        found = path.stat().st_size, sha256_of(path)
    except OSError as error:
        raise BackupDamaged(f"{path} cannot be read: {error.strerror}") from error
    if found != (manifest.bytes, manifest.sha256):
        raise BackupDamaged(f"{path} is damaged: its bytes are not those that were written")
    return path


def require_suitable(
    manifest: Manifest, kind: Kind, peppers: Mapping[int, bytes], *, without_peppers: bool
) -> None:
    """Raise BackupUnsuitable unless this installation can serve what is in a backup.

    ``without_peppers`` takes one whose license keys nobody can know any more.
    """
    if manifest.kind != kind:
        raise BackupUnsuitable(f"the backup is of {manifest.kind}, the settings name {kind}")
    known = MigrationLoader(None).disk_migrations
    for app, names in manifest.migrations.items():
        later = [name for name in names if (app, name) not in known]
        if later:
            raise BackupUnsuitable(
                f"a later version made the backup: {app} {later[-1]} is not known here"
            )
    if not without_peppers:
        _require_peppers(manifest, fingerprints(peppers))


def _require_peppers(manifest: Manifest, ours: Mapping[str, str]) -> None:
    other = [version for version, said in manifest.peppers.items() if ours.get(version) != said]
    if other:
        raise BackupUnsuitable(
            f"LICENSE_KEY_PEPPER_{other[0]} is not the one the backup was made under, so no "
            "license key in it would be known: put the right one in place, or restore with "
            "--without-peppers and give every license a new key"
        )


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
