"""``license-admin audit``: what happened, and whether the record of it is what it was."""

import io
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management import CommandError, call_command

from audit import queries
from audit.queries import Seen, Wanted
from coditect_license.license_admin.commands import Call, Nouns
from coditect_license.license_admin.errors import AdminError, NotFound
from coditect_license.license_admin.naming import (
    as_id,
    instant,
    on_behalf,
    takes_tenant,
    tenant_named,
)
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
    listed.add_argument("--until", type=instant, metavar="WHEN", help="records before it")
    listed.add_argument("--license", metavar="ID", help="of one license only")
    listed.add_argument("--session", metavar="ID", help="of one session only")
    show = noun.verb("show", _show, "show one record")
    show.add_argument("event", metavar="EVENT", help="its id")
    checkpoint = noun.verb("checkpoint", _checkpoint, "show the newest signed checkpoint")
    export = noun.verb("export", _export, "write the chain for its customer to verify")
    export.add_argument("--to", type=Path, required=True, metavar="FILE", help="a new file")
    export.add_argument("--from", dest="first", type=int, default=1, help="the first position (1)")
    verify = noun.verb("verify", _verify, "check the chain, its checkpoints and every record")
    for parser in (listed, show, checkpoint, export, verify):
        takes_tenant(parser)


def _list(call: Call) -> Answer:
    asked = call.asked
    if not 1 <= asked.most <= _MOST:
        raise AdminError(f"--most must be from 1 to {_MOST}")
    since: datetime | None = asked.since
    wanted = Wanted(
        action=asked.action,
        principal=asked.principal,
        license_id=_id(asked.license, "license"),
        session_id=_id(asked.session, "session"),
        since=since,
        until=asked.until,
    )
    with on_behalf(call):
        return [_shown(seen) for seen in queries.events(wanted, most=asked.most)]


def _show(call: Call) -> Answer:
    event_id = _id(call.asked.event, "record")
    with on_behalf(call) as tenant:
        seen = None if event_id is None else queries.event(event_id)
        if seen is None:
            raise NotFound(f"{tenant.slug} has no record {call.asked.event}")
        return _shown(seen)


def _checkpoint(call: Call) -> Answer:
    with on_behalf(call) as tenant:
        newest = queries.newest_checkpoint()
        if newest is None:
            raise NotFound(f"{tenant.slug} has no checkpoint yet: one follows within a minute")
        return {"size": newest.size, "made_at": newest.made_at, "note": newest.note}


def _export(call: Call) -> Answer:
    tenant, asked = tenant_named(call.asked.tenant), call.asked
    try:
        call_command("export_audit", str(tenant.id), first=asked.first, output=asked.to)
    except CommandError as refusal:
        raise AdminError(str(refusal)) from refusal
    return {"file": str(asked.to), "bytes": asked.to.stat().st_size}


def _id(word: str | None, what: str) -> UUID | None:
    """Return an id that was typed, if one was. Raises NotFound: what is none names nothing."""
    id_ = as_id(word) if word else None
    if word and id_ is None:
        raise NotFound(f"{word} is no id of a {what}")
    return id_


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
        "id": event.id,
        "at": event.at,
        "position": seen.position,
        "action": event.action,
        "principal": event.principal,
        "license_id": event.license_id,
        "session_id": event.session_id,
        "details": event.details,
    }
