"""``license-admin outbox``: messages for people outside, and having them told."""

import argparse
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from coditect_license.license_admin import delivery
from coditect_license.license_admin.commands import Call, Nouns
from coditect_license.license_admin.errors import AdminError, NotFound
from coditect_license.license_admin.naming import as_id, on_behalf, takes_tenant, tenant_named
from coditect_license.license_admin.output import Answer, Record
from foundation.clock import rfc3339
from licenses import outbox
from licenses.errors import MessageUnknown
from licenses.models import OutboxMessage
from tenants.current import tenant_transaction
from tenants.models import Tenant

_MOST: Final = 1_000


def declare(nouns: Nouns) -> None:
    """Declare the noun."""
    noun = nouns.noun("outbox", "messages for people outside, such as expiry notices")
    listed = noun.verb("list", _list, "show messages that wait, oldest first")
    listed.add_argument("--delivered", action="store_true", help="those that were told instead")
    age = noun.verb("age", _age, "show for how long the oldest message has waited")
    deliver = noun.verb("deliver", _deliver, "have a program of yours tell each one that waits")
    deliver.add_argument(
        "--command",
        required=True,
        metavar="PROGRAM",
        help="it reads one message as JSON; exit status 0 says that it is delivered",
    )
    for parser in (listed, deliver):
        parser.add_argument("--most", type=int, default=_MOST, help=f"so many, up to {_MOST}")
    for parser in (listed, age, deliver):
        parser.add_argument("--tenant", metavar="SLUG", help="of one tenant only, by slug or id")
    told = noun.verb("mark-delivered", _mark_delivered, "say that it was told", dry_run=True)
    waits = noun.verb("mark-waiting", _mark_waiting, "have it told once more", dry_run=True)
    for parser in (told, waits):
        parser.add_argument("message", metavar="MESSAGE", help="its id")
        takes_tenant(parser)


def _list(call: Call) -> Answer:
    wanted = _most(call.asked)
    return [
        {**_said(tenant, row), "delivered_at": row.delivered_at}
        for tenant, row in _of_tenants(call, is_delivered=call.asked.delivered, most=wanted)
    ]


def _age(call: Call) -> Answer:
    since = outbox.waiting_since([tenant.id for tenant in _tenants(call)])
    waited = timedelta(0) if since is None else call.clock() - since
    return {"waiting_since": since, "age_seconds": max(0, round(waited.total_seconds()))}


def _deliver(call: Call) -> Answer:
    """Tell one after the other. What is told and cannot be marked is told again next time."""
    words, delivered, failed = delivery.words_of(call.asked.command), 0, 0
    waiting = list(_of_tenants(call, is_delivered=False, most=_most(call.asked)))
    for tenant, row in waiting:
        if not _still_waits(tenant, row):
            continue
        reason = delivery.tell(words, _said(tenant, row))
        if reason is None:
            _mark(call, tenant, row.id)
            delivered += 1
        else:
            call.say(f"{row.id} waits on: {reason}")
            failed += 1
    if failed:
        raise AdminError(f"{delivered} messages were delivered, {failed} were not")
    return {"delivered": delivered}


def _mark_delivered(call: Call) -> Answer:
    with on_behalf(call) as tenant:
        row = outbox.mark_delivered(
            message_id=_message_id(call), principal=call.principal, now=call.clock()
        )
        return {**_said(tenant, row), "delivered_at": row.delivered_at}


def _mark_waiting(call: Call) -> Answer:
    with on_behalf(call) as tenant:
        row = outbox.mark_waiting(message_id=_message_id(call), principal=call.principal)
        return {**_said(tenant, row), "delivered_at": row.delivered_at}


def _message_id(call: Call) -> UUID:
    id_ = as_id(call.asked.message)
    if id_ is None:
        raise NotFound(f"{call.asked.message} is no id of a message")
    return id_


def _most(asked: argparse.Namespace) -> int:
    if not 1 <= asked.most <= _MOST:
        raise AdminError(f"--most must be from 1 to {_MOST}")
    most: int = asked.most
    return most


def _tenants(call: Call) -> list[Tenant]:
    word = call.asked.tenant
    return [tenant_named(word)] if word else list(Tenant.objects.order_by("slug"))


def _of_tenants(
    call: Call, *, is_delivered: bool, most: int
) -> Iterator[tuple[Tenant, OutboxMessage]]:
    """Yield messages tenant by tenant: between them the walls hide everybody's."""
    left = most
    for tenant in _tenants(call):
        with tenant_transaction(tenant.id):
            rows = list(outbox.messages(is_delivered=is_delivered)[:left])
        yield from ((tenant, row) for row in rows)
        left -= len(rows)
        if not left:
            return


def _still_waits(tenant: Tenant, row: OutboxMessage) -> bool:
    """Return whether a message was neither told nor withdrawn since it was listed."""
    with tenant_transaction(tenant.id):
        return bool(outbox.messages(is_delivered=False).filter(id=row.id).exists())


def _mark(call: Call, tenant: Tenant, message_id: UUID) -> None:
    with tenant_transaction(tenant.id):
        try:
            outbox.mark_delivered(message_id=message_id, principal=call.principal, now=call.clock())
        except MessageUnknown:
            call.say(f"{message_id} was told, and withdrawn meanwhile")


def _said(tenant: Tenant, row: OutboxMessage) -> Record:
    said: dict[str, Any] = {
        "id": str(row.id),
        "tenant": tenant.slug,
        "topic": row.topic,
        "created_at": rfc3339(row.created_at),
        "payload": row.payload,
    }
    return said
