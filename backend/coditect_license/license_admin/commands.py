"""How commands are declared: a noun, its verbs, and the deed behind each."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from coditect_license.license_admin.errors import NotConfirmed
from coditect_license.license_admin.output import Answer
from foundation.clock import Clock


@dataclass(frozen=True)
class Call:
    """One command as it was typed, and what its deed may use.

    ``principal`` goes into audit records; ``say`` tells how far long work has come.
    """

    asked: argparse.Namespace
    principal: str
    clock: Clock
    say: Callable[[str], None]

    def require_confirmed(self, name: object, consequence: str) -> None:
        """Raise NotConfirmed unless ``--confirm`` repeats the name of what would be lost."""
        if self.asked.confirm != str(name):
            raise NotConfirmed(f"{consequence}; to do it, add: --confirm {name}")


Deed = Callable[[Call], Answer]


class Noun:
    """One noun of the command line and the verbs that go with it."""

    def __init__(self, parsers: Any, name: str, text: str) -> None:
        parser = parsers.add_parser(
            name, help=text, description=f"{text[0].upper()}{text[1:]}.", allow_abbrev=False
        )
        self._verbs = parser.add_subparsers(metavar="VERB", required=True, title="verbs")

    def verb(
        self, name: str, deed: Deed, text: str, *, dry_run: bool = False, confirm: bool = False
    ) -> argparse.ArgumentParser:
        """Declare a verb; the parser that is returned takes its arguments.

        With ``dry_run`` the deed runs in ``naming.on_behalf``, which can take it back. With
        ``confirm`` it calls :meth:`Call.require_confirmed`.
        """
        parser: argparse.ArgumentParser = self._verbs.add_parser(
            name, help=text, description=f"{text[0].upper()}{text[1:]}.", allow_abbrev=False
        )
        parser.set_defaults(deed=deed, dry_run=False)
        parser.add_argument("--json", action="store_true", help="answer as JSON")
        if dry_run:
            parser.add_argument(
                "--dry-run", action="store_true", help="do it, show it, and take it back"
            )
        if confirm:
            parser.add_argument("--confirm", metavar="NAME", help="repeat what cannot be undone")
        return parser


class Nouns:
    """All nouns of the program."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self._parsers = parser.add_subparsers(metavar="NOUN", required=True, title="nouns")

    def noun(self, name: str, text: str) -> Noun:
        """Declare a noun."""
        return Noun(self._parsers, name, text)
