"""What a command ends with when it does not do what was asked.

::

    AdminError          exit status 1: refused or failed; the message is for people
    ├── NotFound        exit status 3: what was named is not there
    └── NotConfirmed    exit status 4: it cannot be undone, and was not confirmed

Status 2 is argparse's, for words that make no command, and ours for a wrong setting.
"""


class AdminError(Exception):
    """The command was refused or failed; nothing is half done."""

    status = 1


class NotFound(AdminError):
    """What was named is not there."""

    status = 3


class NotConfirmed(AdminError):
    """What cannot be undone was not confirmed by naming it again."""

    status = 4
