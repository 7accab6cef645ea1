"""Erasures around a restore: known from the ledger that goes, done again in the one that comes."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import DatabaseError

from coditect_license.backups.errors import BackupFailed
from coditect_license.backups.ledgers import Draft, Ledger, Say
from coditect_license.operator_login import seeing_all_rows
from foundation.clock import Clock, rfc3339
from foundation.peppers import Peppers
from privacy.erasing import erase_again, erasures
from privacy.models import Erasure


def known_erasures(ledger: Ledger, file: Path | None, *, say: Say) -> list[Erasure]:
    """Return the erasures of the present ledger, and those that a file lists.

    A ledger that is missing or cannot be read is said and no error: it is being replaced.
    """
    known = _present(ledger)
    if known is None:
        say("the erasures of the present ledger cannot be read: hand them in with --erasures")
        known = []
    listed = [] if file is None else _read(file)
    return list({erasure.id: erasure for erasure in (*known, *listed)}.values())


def _present(ledger: Ledger) -> list[Erasure] | None:
    """Return the erasures of a ledger, or None; one that is missing is not made by looking."""
    if ledger.is_empty():
        return None
    try:
        with seeing_all_rows():
            return list(erasures())
    except (DatabaseError, OSError):
        return None


def again(known: Iterable[Erasure], draft: Draft, *, principal: str, clock: Clock) -> int:
    """Erase in a draft whom the backup still knows; return how many."""
    return erase_again(
        known,
        open_store=draft.open_store,
        peppers=Peppers(settings.LICENSE_KEY_PEPPERS),
        principal=principal,
        now=clock(),
    )


def as_json(known: Iterable[Erasure]) -> list[dict[str, object]]:
    """Return erasures as ``--erasures`` reads them."""
    return [
        {
            "tenant_id": str(one.tenant_id),
            "id": str(one.id),
            "person_hmac": one.person_hmac,
            "pepper_version": one.pepper_version,
            "principal": one.principal,
            "erased_at": rfc3339(one.erased_at),
        }
        for one in known
    ]


class _Listed(msgspec.Struct, forbid_unknown_fields=True):
    tenant_id: UUID
    id: UUID
    person_hmac: str
    pepper_version: int | None
    principal: str
    erased_at: datetime


def _read(file: Path) -> list[Erasure]:
    try:
        listed = msgspec.json.decode(file.read_bytes(), type=list[_Listed])
    except OSError as error:
        raise BackupFailed(f"{file} cannot be read: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise BackupFailed(f"{file} is no list of erasures: {error}") from error
    return [Erasure(**msgspec.structs.asdict(one)) for one in listed]
