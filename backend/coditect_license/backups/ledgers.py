"""What a backup needs of a ledger, whichever database it is in."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from coditect_license.backups.manifest import Kind, Manifest
from leasing.store import Store

Say = Callable[[str], None]
"""Tells the operator how far a long work has come."""


class Draft(Protocol):
    """A restored ledger that nobody works with yet."""

    @property
    def entry(self) -> dict[str, Any]:
        """The entry of Django's DATABASES for it."""

    def open_store(self) -> Store:
        """Open it as one that lost commits. Raises StoreUnavailable."""

    def take_over(self) -> str | None:
        """Put it in the ledger's place in one step; return what the old one is called now.

        None means that nothing was replaced. Raises LedgerInUse.
        """


class Ledger(Protocol):
    """The ledger that the settings name. Every method raises BackupFailed."""

    kind: Kind
    name: str
    """What an operator repeats to have it replaced."""

    def copy(self, target: Path) -> None:
        """Write the ledger as of this moment to a new file of mode 0600, beside its servers."""

    def roles(self) -> list[str]:
        """Return the database's roles that a restore needs."""

    def require_sound(self, file: Path) -> None:
        """Raise BackupDamaged unless the database's own programs find a copy in order."""

    def is_empty(self) -> bool:
        """Return whether a restore would replace nothing."""

    def restoring(self, file: Path, manifest: Manifest) -> AbstractContextManager[Draft]:
        """Restore a copy beside the ledger, while nobody works with that; forget it at the end.

        Raises LedgerInUse.
        """


def stamp(now: datetime) -> str:
    """Return an instant as it goes into names of files and databases."""
    return now.strftime("%Y%m%dt%H%M%Sz")
