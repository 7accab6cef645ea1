"""``license-admin session``: who holds which seat, and taking one back."""

from datetime import timedelta
from typing import Final

from coditect_license.license_admin.commands import Call, Nouns
from coditect_license.license_admin.errors import NotFound
from coditect_license.license_admin.naming import (
    as_id,
    on_behalf,
    some_days,
    takes_tenant,
    tenant_named,
)
from coditect_license.license_admin.output import Answer, Record
from leasing import queries
from leasing.operations import force_release
from leasing.queries import Holding, SessionFilter
from leasing.wiring import open_store

_MOST: Final = 1_000


def declare(nouns: Nouns) -> None:
    """Declare the noun."""
    noun = nouns.noun("session", "who holds which seat")
    listed = noun.verb("list", _list, "show a tenant's sessions, latest first")
    listed.add_argument("--license", metavar="ID", help="of one license only")
    listed.add_argument("--principal", help="such as user:SUBJECT")
    listed.add_argument("--device", help="a device as sessions name it")
    listed.add_argument("--state", choices=["live", "ended"], default="live")
    listed.add_argument("--days", type=some_days, default=7, help="began within so many days (7)")
    listed.add_argument(
        "--borrowed", action="store_true", help="those alone whose seat is lent as a file"
    )
    show = noun.verb("show", _show, "show a session, also one that has ended")
    release = noun.verb(
        "release", _release, "end a session over its holder's head, and free its seat", confirm=True
    )
    release.add_argument(
        "--even-if-borrowed",
        action="store_true",
        help="though its seat was lent as a file, which runs on: one seat serves two devices then",
    )
    for parser in (show, release):
        parser.add_argument("session", metavar="SESSION", help="its id")
    for parser in (listed, show, release):
        takes_tenant(parser)


def _list(call: Call) -> Answer:
    asked = call.asked
    license_id = as_id(asked.license) if asked.license else None
    if asked.license and license_id is None:
        raise NotFound(f"{asked.license} is no id of a license")
    wanted = SessionFilter(
        license_id=license_id,
        device=asked.device,
        principal=asked.principal,
        state=asked.state,
        is_lent=asked.borrowed,
        since=None if asked.state == "live" else call.clock() - timedelta(days=asked.days),
    )
    with on_behalf(call):
        page = queries.sessions(wanted, after=None, most=_MOST, now=call.clock())
    if page.next is not None:
        call.say(f"there are more: these are the latest {len(page.sessions)}")
    return [_shown(one) for one in page.sessions]


def _show(call: Call) -> Answer:
    session_id = as_id(call.asked.session)
    with on_behalf(call):
        if session_id is None:
            raise NotFound("no such session")
        return _shown(queries.session(session_id, now=call.clock()))


def _release(call: Call) -> Answer:
    tenant = tenant_named(call.asked.tenant)
    session_id = as_id(call.asked.session)
    if session_id is None:
        raise NotFound("no such session")
    call.require_confirmed(session_id, "the program that runs loses its seat at its next heartbeat")
    ended = force_release(
        open_store=open_store,
        tenant_id=tenant.id,
        session_id=session_id,
        principal=call.principal,
        even_if_borrowed=call.asked.even_if_borrowed,
    )
    return {
        "session_id": ended.session_id,
        "ended_at": ended.ended_at,
        "end_reason": ended.end_reason,
        "proofs_expire_at": ended.proofs_expire_at,
    }


def _shown(one: Holding) -> Record:
    return {
        "session_id": one.session_id,
        "license_id": one.license_id,
        "principal": one.principal,
        "started_at": one.started_at,
        "lease_expires_at": one.lease_expires_at,
        "borrowed_until": one.borrowed_until,
        "ended_at": one.ended_at,
        "end_reason": one.end_reason,
    }
