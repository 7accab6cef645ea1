"""``license-admin audit``: what happened, and whether the record of it is what it was."""

import io
from datetime import datetime
from typing import Any

from django.core.management import CommandError, call_command

from audit import queries
from audit.queries import Seen, Wanted
from coditect_license.license_admin.commands import Call, Nouns
from coditect_license.license_admin.errors import AdminError
from coditect_license.license_admin.naming import instant, on_behalf, takes_tenant, tenant_named
from coditect_license.license_admin.output import Answer, Record

_MOST = 1_000


def declare(nouns: Nouns) -> None:
    """Declare the noun."""
    noun = nouns.noun("audit", "what happened, and whether the record of it is whole")
    listed = noun.verb("list", _list, "show a tenant's records, newest first")
    listed.add_argument("--action", help="such as license.suspended; license. for all of them")
    listed.add_argument("--principal", help="such as user:SUBJECT or operator:LOGIN")
    listed.add_argument("--since", type=instant, metavar="WHEN", help="2027-12-31, or RFC 3339")
    listed.add_argument("--most", type=int, default=50, help=f"so many (50), up to {_MOST}")
    verify = noun.verb("verify", _verify, "check the chain, its checkpoints and every record")
    for parser in (listed, verify):
        takes_tenant(parser)


def _list(call: Call) -> Answer:
    asked = call.asked
    if not 1 <= asked.most <= _MOST:
        raise AdminError(f"--most must be from 1 to {_MOST}")
    since: datetime | None = asked.since
    wanted = Wanted(action=asked.action, principal=asked.principal, since=since)
    with on_behalf(call):
        return [_shown(seen) for seen in queries.events(wanted, most=asked.most)]


def _verify(call: Call) -> Answer:
    said = io.StringIO()
    tenant = tenant_named(call.asked.tenant)
    try:
        call_command("verify_audit", tenant=str(tenant.id), stdout=said)
    except CommandError as finding:
        for line in said.getvalue().splitlines():
            call.say(line)
        raise AdminError(str(finding)) from finding
    return said.getvalue().rstrip()


def _shown(seen: Seen) -> Record:
    event: Any = seen.event
    return {
        "at": event.at,
        "position": seen.position,
        "action": event.action,
        "principal": event.principal,
        "license_id": event.license_id,
        "session_id": event.session_id,
        "details": event.details,
    }
