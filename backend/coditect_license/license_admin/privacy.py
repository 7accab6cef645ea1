"""``license-admin privacy``: what is known of persons, for how long, shown and forgotten."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings

from coditect_license.backups.erased import as_json
from coditect_license.license_admin.commands import Call, Nouns
from coditect_license.license_admin.naming import takes_tenant, tenant_named
from coditect_license.license_admin.new_files import new_file
from coditect_license.license_admin.output import Answer
from coditect_license.operator_login import seeing_all_rows
from foundation.peppers import Peppers
from leasing.wiring import open_store
from privacy.erasing import erase_person, erase_tenant, erasures
from privacy.persons import find_person
from privacy.retention import choose_retention, retention_days
from privacy.rules import RETENTION, Category
from privacy.showing import person_lines, tenant_lines


def declare(nouns: Nouns) -> None:
    """Declare the noun."""
    noun = nouns.noun("privacy", "what is known of persons, and forgetting it (docs/privacy.md)")
    shown = noun.verb("retention", _retention, "show for how long what is kept")
    choose = noun.verb("set-retention", _choose, "have a tenant's category kept for other days")
    choose.add_argument("category", choices=[category.value for category in Category])
    choose.add_argument("--days", type=int, required=True)
    export = noun.verb("export", _export, "write all about a tenant, or a person, to a new file")
    export.add_argument("--to", type=Path, required=True, metavar="FILE", help="JSON lines")
    export.add_argument("--person", metavar="NAME", help="user:SUBJECT, or an e-mail address")
    erase = noun.verb("erase-person", _erase_person, "forget a person for good", confirm=True)
    erase.add_argument("person", metavar="NAME", help="user:SUBJECT, or an e-mail address")
    whole = noun.verb(
        "erase-tenant", _erase_tenant, "delete every row of a suspended tenant", confirm=True
    )
    for parser in (shown, choose, export, erase, whole):
        takes_tenant(parser)
    noun.verb("erasures", _erasures, "show the ledger of erasures, to be kept with backups")


def _retention(call: Call) -> Answer:
    days = retention_days(tenant_named(call.asked.tenant).id)
    return [
        {
            "category": category.value,
            "days": days[category],
            "default": default.days,
            "what": default.text,
        }
        for category, default in RETENTION.items()
    ]


def _choose(call: Call) -> Answer:
    choose_retention(
        tenant_id=tenant_named(call.asked.tenant).id,
        category=Category(call.asked.category),
        days=call.asked.days,
        principal=call.principal,
    )
    return _retention(call)


def _export(call: Call) -> Answer:
    tenant = tenant_named(call.asked.tenant)
    if call.asked.person:
        lines = person_lines(find_person(tenant_id=tenant.id, name=call.asked.person))
    else:
        lines = tenant_lines(tenant.id)
    return {"file": str(call.asked.to), "rows": _write(call.asked.to, lines)}


def _erase_person(call: Call) -> Answer:
    tenant = tenant_named(call.asked.tenant)
    person = find_person(tenant_id=tenant.id, name=call.asked.person)
    call.require_confirmed(call.asked.person, "what is forgotten cannot be brought back")
    return erase_person(
        person,
        open_store=open_store,
        peppers=Peppers(settings.LICENSE_KEY_PEPPERS),
        principal=call.principal,
        now=call.clock(),
    )


def _erase_tenant(call: Call) -> Answer:
    tenant = tenant_named(call.asked.tenant)
    call.require_confirmed(tenant.slug, "every row of the tenant is deleted, its audit too")
    with seeing_all_rows():
        return erase_tenant(tenant_id=tenant.id, principal=call.principal, now=call.clock())


def _erasures(_call: Call) -> Answer:
    with seeing_all_rows():
        return as_json(erasures())


def _write(path: Path, lines: Iterator[dict[str, Any]]) -> int:
    """Write lines to a new file for its owner alone; return how many. Raises AdminError."""
    count = 0
    with new_file(path) as file:
        for line in lines:
            file.write(json.dumps(line) + "\n")
            count += 1
    return count
