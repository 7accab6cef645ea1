"""``manage.py openapi``: writes the snapshot of the API document, or checks it."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from coditect_license.openapi import snapshot


class Command(BaseCommand):
    """Writes docs/api/openapi.yaml from the code; with ``--check`` says whether it is stale."""

    help = "Write docs/api/openapi.yaml, or with --check exit 1 when it differs from the code."
    requires_system_checks = []  # noqa: RUF012  as Django writes it: the document needs no database

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take ``--check``."""
        parser.add_argument("--check", action="store_true", help="compare and write nothing")

    def handle(self, *_: Any, **options: Any) -> None:
        """Write the snapshot, or raise CommandError (exit status 1) with the difference."""
        path = settings.REPOSITORY / "docs/api/openapi.yaml"
        if not options["check"]:
            snapshot.write(path)
            self.stdout.write(f"wrote {path}")
        elif difference := snapshot.difference(path):
            raise CommandError(f"{path} is stale, run `make schema`:\n{difference}")
