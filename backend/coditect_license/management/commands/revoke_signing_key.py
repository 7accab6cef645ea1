"""``manage.py revoke_signing_key``: nothing that a key signed counts any more."""

import re
from collections.abc import Callable
from typing import Any

from django.core.management.base import CommandError, CommandParser

from coditect_license.management.key_ids import KEY_ID, TakesKeyIds, key_id
from foundation.clock import utc_now
from signing import operations
from signing.errors import SigningError
from signing.models import SigningKey
from signing.wiring import key_versions_from_settings

_SESSION_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_AFTER = """\
Servers follow within a minute. Clients that are online hear of it with their next key set, at the
latest after a day; for others the keys that they pinned count.
"""


class Command(TakesKeyIds):
    """The emergency path: docs/runbooks/key-compromise.md comes first."""

    help = (
        "Revoke a key: a root (the stand-by takes its place at once), or the key of one server "
        "process, or with --session a session. It cannot be taken back. First take away the "
        "right to sign: docs/runbooks/key-compromise.md."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare what can be asked for."""
        parser.add_argument(
            "key_id", metavar="KEY_ID", type=key_id, help="43 characters, as kid shows them"
        )
        parser.add_argument("--session", action="store_true", help="KEY_ID is a session id instead")
        parser.add_argument(
            "--confirm", metavar="KEY_ID", type=key_id, required=True, help="the same again"
        )

    def handle(self, *_arguments: Any, **options: Any) -> None:
        """Revoke, and say what counts from now on."""
        name, is_session = options["key_id"], options["session"]
        if options["confirm"] != name:
            raise CommandError("--confirm must repeat what is to be revoked")
        if not (_SESSION_ID if is_session else KEY_ID).fullmatch(name):
            raise CommandError(f"not a {'session id' if is_session else 'key id'}: {name}")
        revoke = self._deed(name, is_session=is_session)
        try:
            revoke()
        except SigningError as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(_AFTER)

    def _deed(self, name: str, *, is_session: bool) -> Callable[[], None]:
        if not is_session and SigningKey.objects.filter(key_id=name).exists():
            return lambda: self._revoke_root(name)
        return lambda: self._revoke_name(name, is_session=is_session)

    def _revoke_root(self, key_id: str) -> None:
        """Disable it, then tell the world, whether or not it could be reached."""
        operations.require_successor(key_id)
        location = SigningKey.objects.get(key_id=key_id).location
        try:
            key_versions_from_settings().disable(location)
            self.stdout.write(f"{location} is disabled")
        except SigningError as failure:
            self.stderr.write(f"{location} is NOT disabled, do it by hand: {failure}")
        signs = operations.revoke_root(key_id, now=utc_now())
        self.stdout.write(f"the root {key_id} is revoked; {signs.key_id} signs")

    def _revoke_name(self, name: str, *, is_session: bool) -> None:
        operations.revoke_name(name, is_session=is_session, now=utc_now())
        self.stdout.write(f"{'the session' if is_session else 'the key'} {name} is revoked")
