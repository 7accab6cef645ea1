"""``manage.py extend_leases``: whoever is innocent runs on while something is blocked."""

import json
import time
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from coditect_license.license_admin.login import operator
from coditect_license.management.tenant_choice import chosen_tenant
from foundation.clock import monotonic_seconds, rfc3339
from leasing.errors import StoreUnavailable
from leasing.extending import PAGE_SEATS, ExtendedLeases, extend_leases
from leasing.store import Extension
from leasing.wiring import open_store

_DEFAULT_SECONDS = 3_600
_MOST_PAGE_SEATS = 5_000


class Command(BaseCommand):
    """Extends leases beside running servers."""

    help = (
        "Have all live leases end later, but those of the tenants that are to be blocked "
        "(docs/runbooks/license-api-breach.md). Programs learn it with their next heartbeat and "
        "then run that long without the server. It cannot be taken back."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare what can be asked for."""
        parser.add_argument("--incident", required=True, metavar="ID", help="for the audit")
        parser.add_argument(
            "--seconds",
            type=int,
            default=_DEFAULT_SECONDS,
            metavar="N",
            help="from now, 60 to 14400 (default: 3600)",
        )
        parser.add_argument(
            "--except",
            dest="spared",
            action="append",
            default=[],
            metavar="TENANT",
            help="slug or id of a tenant whose leases stay as they are; may be given again",
        )
        parser.add_argument(
            "--page",
            type=int,
            default=PAGE_SEATS,
            metavar="SEATS",
            help=f"seats of one transaction, 1 to {_MOST_PAGE_SEATS} (default: {PAGE_SEATS})",
        )
        parser.add_argument("--json", action="store_true", help="answer one JSON object")

    def handle(self, *_arguments: Any, **options: Any) -> None:
        """Extend, and say how many and until when."""
        if not 1 <= options["page"] <= _MOST_PAGE_SEATS:
            raise CommandError(f"--page is 1 to {_MOST_PAGE_SEATS}")
        asked = Extension(
            seconds=options["seconds"],
            principal=operator(),
            incident=options["incident"],
            spared_tenants=tuple(str(chosen_tenant(text).id) for text in options["spared"]),
            most_seats=options["page"],
        )
        try:
            done = extend_leases(asked, open_store=open_store, rest=_rest())
        except ValueError as mistake:
            raise CommandError(str(mistake)) from mistake
        except StoreUnavailable as error:
            raise CommandError(f"the ledger failed, repeat the command: {error}") from error
        self.stdout.write(_as_json(done) if options["json"] else _in_words(done))


def _rest() -> Callable[[], None]:
    """Return what rests as long as the page before it worked: the servers have half the writer."""
    since = monotonic_seconds()

    def rest() -> None:
        nonlocal since
        time.sleep(monotonic_seconds() - since)
        since = monotonic_seconds()

    return rest


def _as_json(done: ExtendedLeases) -> str:
    return json.dumps(
        {
            "leases": done.leases,
            "tenants": done.tenants,
            "until": rfc3339(done.until) if done.until else None,
            "longest_heartbeat_interval_seconds": done.longest_heartbeat_interval_seconds,
        }
    )


def _in_words(done: ExtendedLeases) -> str:
    if done.until is None:
        return "no lease is live that would end earlier: nothing was extended"
    return (
        f"{done.leases} leases of {done.tenants} tenants run until {rfc3339(done.until)} or their "
        "license's end; their programs learn it within "
        f"{done.longest_heartbeat_interval_seconds} s, with the next heartbeat"
    )
