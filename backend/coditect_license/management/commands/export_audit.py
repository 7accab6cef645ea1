"""``manage.py export_audit``: a tenant's audit as a file that its customer can verify."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.exports import export_lines
from audit.queries import newest_checkpoint
from coditect_license.management.tenant_choice import chosen_tenant
from coditect_license.notary import notary_from_settings
from signing.errors import SigningError
from tenants.current import tenant_transaction


class Command(BaseCommand):
    """Writes an export: entries, what opens their personal values, checkpoints."""

    help = (
        "Write a tenant's audit as JSON Lines, for `coditect-license verify-audit` "
        "(docs/how-to/verify-the-audit.md). It names persons: keep it like the database."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare what can be asked for."""
        parser.add_argument("tenant", metavar="TENANT", help="the slug or id of the tenant")
        parser.add_argument(
            "--from", dest="first", type=int, default=1, metavar="N", help="the first position"
        )
        parser.add_argument(
            "--checkpoint", action="store_true", help="the newest checkpoint and nothing else"
        )
        parser.add_argument(
            "--output", type=Path, metavar="FILE", help="a new file, mode 0600 (default: stdout)"
        )

    def handle(self, *_arguments: Any, **options: Any) -> None:
        """Write the lines."""
        tenant = chosen_tenant(options["tenant"])
        try:
            origin = notary_from_settings().origin_of(tenant.id)
            if options["checkpoint"]:
                lines = _newest(tenant.id)
            else:
                lines = export_lines(tenant.id, origin=origin, first=options["first"])
            self._write(options["output"], lines)
        except (SigningError, ValueError) as mistake:
            raise CommandError(str(mistake)) from mistake
        except OSError as error:
            raise CommandError(f"{options['output']}: {error.strerror}") from error

    def _write(self, path: Path | None, lines: Iterator[str]) -> None:
        if path is None:
            for line in lines:
                self.stdout.write(line)
            return
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)


def _newest(tenant_id: UUID) -> Iterator[str]:
    with tenant_transaction(tenant_id):
        newest = newest_checkpoint()
    if newest is None:
        raise CommandError("there is no checkpoint yet: one is made within a minute of a record")
    return iter(newest.note.splitlines())
