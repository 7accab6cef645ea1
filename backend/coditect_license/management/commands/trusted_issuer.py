"""``manage.py trusted_issuer``: whose identity tokens are believed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from coditect_license.management.issuer_arguments import (
    add_words,
    conditions_of,
    described_admission,
    described_row,
    tenant_of,
)
from identity import trusted_issuers
from identity.errors import IdentityError, InvalidCredential, IssuerUnavailable, MissingTenant
from identity.models import TrustedIssuer
from identity.queries import usable_issuer
from identity.wiring import bearer_verifier_from_settings, key_sources_from_settings


class Command(BaseCommand):
    """One word for each deed; docs/how-to/identity.md shows them in use."""

    help = "Say whose identity tokens are believed: add, list, test, admit, disable and so on."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare what can be asked for."""
        add_words(parser)

    def handle(self, *_arguments: Any, **options: Any) -> None:
        """Do the deed, or say in one line why not."""
        deeds: dict[str, Callable[[dict[str, Any]], None]] = {
            "add": self._add,
            "list": self._list,
            "enable": lambda asked: self._switch(asked, enabled=True),
            "disable": lambda asked: self._switch(asked, enabled=False),
            "test": self._test,
            "admit": self._admit,
            "withdraw": self._withdraw,
            "map-tenant": self._map_tenant,
            "unmap-tenant": self._unmap_tenant,
        }
        self._sources = key_sources_from_settings()
        try:
            deeds[options["word"]](options)
        except IdentityError as refusal:
            raise CommandError(str(refusal)) from refusal

    def _add(self, options: dict[str, Any]) -> None:
        with transaction.atomic():
            row = trusted_issuers.add_issuer(described_row(options), sources=self._sources)
            self._print(row)
            if options["dry_run"]:
                transaction.set_rollback(True)
        if options["dry_run"]:
            self.stdout.write("nothing was changed")

    def _list(self, options: dict[str, Any]) -> None:
        del options
        for row in TrustedIssuer.objects.order_by("id"):
            self._print(row)

    def _switch(self, options: dict[str, Any], *, enabled: bool) -> None:
        row = trusted_issuers.set_enabled(options["id"], enabled=enabled, sources=self._sources)
        self._print(row)

    def _admit(self, options: dict[str, Any]) -> None:
        admission = described_admission(options, conditions_of(options))
        self._print(trusted_issuers.admit(options["id"], admission, sources=self._sources))

    def _withdraw(self, options: dict[str, Any]) -> None:
        self._print(
            trusted_issuers.withdraw(options["id"], options["place"], sources=self._sources)
        )

    def _map_tenant(self, options: dict[str, Any]) -> None:
        tenant = tenant_of(options["tenant"])
        trusted_issuers.map_tenant(options["id"], options["name"], tenant.id, sources=self._sources)
        self.stdout.write(f"{options['name']} means {tenant.slug}")

    def _unmap_tenant(self, options: dict[str, Any]) -> None:
        trusted_issuers.unmap_tenant(options["id"], options["name"], sources=self._sources)
        self.stdout.write(f"{options['name']} means nothing")

    def _test(self, options: dict[str, Any]) -> None:
        """Fetch the keys, and judge a token as a server would; nothing but its end is printed."""
        row = TrustedIssuer.objects.filter(pk=options["id"]).first()
        if row is None:
            raise CommandError(f"there is no trusted issuer {options['id']}")
        issuer = usable_issuer(row, self._sources)
        try:
            issuer.keys.get("")
        except IssuerUnavailable as away:
            raise CommandError(f"{row}: its keys cannot be fetched; the log says why") from away
        self.stdout.write(f"{row}: its keys can be used")
        if options["token_file"] is not None:
            self._judge(_token(options["token_file"]))

    def _judge(self, token: str) -> None:
        verifier = bearer_verifier_from_settings()
        try:
            principal = verifier.verify(token)
        except (InvalidCredential, MissingTenant) as refusal:
            raise CommandError(f"the token is refused: {refusal.reason}") from refusal
        role = principal.role.value if principal.role else "no role"
        staff = ", staff" if principal.is_staff else ""
        self.stdout.write(f"the token is {principal.label} of {principal.tenant_id}: {role}{staff}")

    def _print(self, row: TrustedIssuer) -> None:
        state = "enabled" if row.enabled else "disabled"
        self.stdout.write(f"{row.pk or 'new'}  {row}  {row.preset}, {row.kind}, {state}")
        self.stdout.write(f"    keys: {_keys_of(row)}; members: {row.membership}")
        if row.staff_claim:
            self.stdout.write(f"    staff: {row.staff_claim}")
        for place, admission in enumerate(row.admissions, start=1):
            self.stdout.write(f"    admission {place}: {json.dumps(admission, sort_keys=True)}")
        for alias in row.tenant_aliases.order_by("name") if row.pk else ():
            self.stdout.write(f"    tenant {alias.name}: {alias.tenant.slug}")


def _keys_of(row: TrustedIssuer) -> str:
    if row.discovery:
        return "discovered"
    return row.jwks_uri or "inline"


def _token(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise CommandError(f"--token-file: {path} cannot be read") from error
