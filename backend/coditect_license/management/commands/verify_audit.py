"""``manage.py verify_audit``: whether the audit is what it was, here where it is kept."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.checkpoints import Notary
from audit.verification import Audited, verify_tenant
from coditect_license.management.tenant_choice import chosen_tenant
from coditect_license.notary import notary_from_settings
from foundation.clock import utc_now
from signing.errors import SigningError
from tenants.models import Tenant

FINDINGS = 1
"""The exit code when something is not as it was written; 2 is for arguments that make no sense."""


class Command(BaseCommand):
    """Verifies chains, checkpoints and the rows of events."""

    help = (
        "Verify the audit of all tenants, or of one: every record, the chain, the checkpoints. "
        "Ends with status 0 when all is well and 1 when not. A chain that was cut short or "
        "exchanged as a whole shows only against checkpoints kept elsewhere: hand them in with "
        "--kept."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare what can be asked for."""
        parser.add_argument("--tenant", metavar="TENANT", help="slug or id (default: all)")
        parser.add_argument(
            "--from", dest="first", type=_position, default=1, metavar="N", help="first position"
        )
        parser.add_argument("--to", dest="last", type=_position, metavar="N", help="last position")
        parser.add_argument(
            "--kept",
            type=Path,
            action="append",
            default=[],
            metavar="FILE",
            help="a checkpoint that was kept outside of this server; may be given again",
        )

    def handle(self, *_arguments: Any, **options: Any) -> None:
        """Verify, report, and end with 1 when anything was found."""
        notary = _notary()
        self.stdout.write(f"key of the checkpoints: {notary.key.text()}")
        if options["tenant"] is None and (options["kept"] or options["first"] > 1):
            raise CommandError("--kept and --from need --tenant", returncode=2)
        kept = [_read(path) for path in options["kept"]]
        bad = [
            tenant.slug
            for tenant in _tenants(options)
            if not self._verify(tenant, notary, kept, options)
        ]
        if bad:
            raise CommandError(
                f"the audit of {', '.join(bad)} is not what it was", returncode=FINDINGS
            )

    def _verify(
        self, tenant: Tenant, notary: Notary, kept: list[str], options: dict[str, Any]
    ) -> bool:
        try:
            audited = verify_tenant(
                tenant.id,
                notary=notary,
                now=utc_now(),
                first=options["first"],
                last=options["last"],
                kept=kept,
            )
        except ValueError as mistake:
            raise CommandError(str(mistake), returncode=2) from mistake
        self.stdout.write(_summary(tenant, audited))
        for finding in audited.findings:
            self.stdout.write(f"  {finding}")
        if audited.chain.more_findings:
            self.stdout.write(f"  and {audited.chain.more_findings} more findings")
        return audited.is_good


def _notary() -> Notary:
    try:
        return notary_from_settings()
    except SigningError as mistake:
        raise CommandError(str(mistake)) from mistake


def _tenants(options: dict[str, Any]) -> list[Tenant]:
    if options["tenant"] is not None:
        return [chosen_tenant(options["tenant"])]
    return list(Tenant.objects.order_by("slug"))


def _summary(tenant: Tenant, audited: Audited) -> str:
    chain = audited.chain
    count = chain.last - chain.first + 1
    return (
        f"{tenant.slug}: {'good' if audited.is_good else 'NOT GOOD'}; {count} entries "
        f"from {chain.first}, {chain.checkpoints} checkpoints, {chain.unsigned} entries behind the "
        f"last, {audited.unsealed} records not sealed yet, {chain.forgotten} values forgotten"
    )


def _position(text: str) -> int:
    position = int(text)
    if position < 1:
        raise ValueError("positions begin at 1")
    return position


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read: {error}", returncode=2) from error
