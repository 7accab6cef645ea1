"""Key ids on the command line: one in 64 begins with a dash, and is no option all the same."""

import re

from django.core.management.base import BaseCommand

KEY_ID = re.compile(r"[A-Za-z0-9_-]{43}")
"""An RFC 7638 thumbprint (SHA-256, base64url without padding): what ``kid`` shows."""


class TakesKeyIds(BaseCommand):
    """A command that takes key ids; such arguments need ``type=key_id``."""

    def run_from_argv(self, argv: list[str]) -> None:
        """Run with key ids as arguments, whatever they begin with.

        argparse takes what begins with a dash for an option. A space before it says otherwise.
        """
        super().run_from_argv([f" {word}" if KEY_ID.fullmatch(word) else word for word in argv])


def key_id(argument: str) -> str:
    """Return a key id as it was typed."""
    return argument.strip()
