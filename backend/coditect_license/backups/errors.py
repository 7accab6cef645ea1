"""What goes wrong with backups.

::

    BackupFailed           the message is one line for the operator and says what to do
    ├── BackupDamaged      the backup is not what was written
    ├── BackupUnsuitable   whole, but not for this installation
    ├── LedgerInUse        a server or a command works on the ledger that would be replaced
    └── NotConfirmed       a ledger would be replaced that nobody named
"""


class BackupFailed(Exception):
    """A backup cannot be made, read or restored; the ledger is as it was."""


class BackupDamaged(BackupFailed):
    """Sizes, checksums or the database itself say that something was lost or changed."""


class BackupUnsuitable(BackupFailed):
    """Another kind of database, a later version of the server, or other secrets."""


class LedgerInUse(BackupFailed):
    """Somebody is connected to the ledger that is to be replaced."""


class NotConfirmed(BackupFailed):
    """The ledger that is to be replaced holds something, and was not named."""
