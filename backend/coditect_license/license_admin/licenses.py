"""``license-admin license``: the rights that customers bought, and their keys."""

import argparse
import sys
from typing import Any

from django.conf import settings

from coditect_license.license_admin.commands import Call, Nouns
from coditect_license.license_admin.errors import AdminError, NotFound
from coditect_license.license_admin.naming import (
    end_asked_for,
    license_asked_for,
    on_behalf,
    personal_cap,
    product_named,
    require_valid,
    takes_end,
    takes_tenant,
    tier_named,
)
from coditect_license.license_admin.output import Answer, Record
from licenses import operations
from licenses.license_key import KeyHasher
from licenses.models import License
from licenses.rules import (
    DEFAULT_HEARTBEAT_INTERVAL_SECONDS,
    DEFAULT_TTL_SECONDS,
    LicenseStatus,
)
from tenants.current import tenant_transaction
from tenants.models import Tenant

_CAP_HELP = "how many one person may hold; 0 any number, default the installation's setting"
_SHOWN_ONCE = "the key is shown this once and is stored nowhere"


def declare(nouns: Nouns) -> None:
    """Declare the noun."""
    noun = nouns.noun("license", "the rights that customers bought, and their keys")
    create = noun.verb("create", _create, "make a license and show its key, once")
    _add_terms(create)
    listed = noun.verb("list", _list, "show a tenant's licenses")
    listed.add_argument("--status", choices=[status.value for status in LicenseStatus])
    takes_tenant(listed)
    noun.verb("find", _find, "find the license of a key, which is read from standard input")
    show = noun.verb("show", _show, "show a license")
    suspend = noun.verb("suspend", _suspend, "grant and renew nothing for now", dry_run=True)
    reinstate = noun.verb("reinstate", _reinstate, "end a suspension", dry_run=True)
    revoke = noun.verb("revoke", _revoke, "end a license for good", dry_run=True, confirm=True)
    resize = noun.verb("resize", _resize, "change the number of seats", dry_run=True)
    resize.add_argument("--seats", type=int, required=True, help="fewer evict nobody")
    change = noun.verb("change", _change, "change what a license says", dry_run=True)
    _add_changes(change)
    cap = noun.verb("cap-persons", _cap_persons, "limit the seats of one person", dry_run=True)
    cap.add_argument(
        "--seats-per-person", type=personal_cap, metavar="N", required=True, help=_CAP_HELP
    )
    renew = noun.verb("renew", _renew, "move the end of a license", dry_run=True)
    takes_end(renew)
    rotate = noun.verb(
        "rotate-key", _rotate_key, "give a license a new key and show it, once", confirm=True
    )
    for parser in (show, suspend, reinstate, revoke, resize, change, cap, renew, rotate):
        parser.add_argument("license", metavar="LICENSE", help="its id")
        takes_tenant(parser)


def _add_terms(parser: argparse.ArgumentParser) -> None:
    takes_tenant(parser)
    parser.add_argument("--product", required=True, help="code or id")
    parser.add_argument("--tier", required=True, help="code of a tier on sale")
    parser.add_argument("--seats", type=int, required=True)
    takes_end(parser)
    parser.add_argument(
        "--entitlement", action="append", default=[], help="a feature; may be given many times"
    )
    parser.add_argument("--key-auth", action="store_true", help="take the key as a credential")
    parser.add_argument("--ttl-seconds", type=int, default=DEFAULT_TTL_SECONDS)
    parser.add_argument("--heartbeat-seconds", type=int, default=DEFAULT_HEARTBEAT_INTERVAL_SECONDS)
    parser.add_argument("--seats-per-person", type=personal_cap, metavar="N", help=_CAP_HELP)


def _add_changes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", help="the vendor's own word for it")
    parser.add_argument("--tier", help="code of a tier on sale")
    parser.add_argument(
        "--entitlement", action="append", help="a feature; may be given many times, for all of them"
    )
    parser.add_argument("--ttl-seconds", type=int)
    parser.add_argument("--heartbeat-seconds", type=int)
    parser.add_argument("--offline-seconds", type=int)
    parser.add_argument("--overdraft-seats", type=int, help="granted above the seats sold")
    parser.add_argument("--key-auth", choices=("on", "off"), help="take the key as a credential")


def _create(call: Call) -> Answer:
    asked = call.asked
    with on_behalf(call) as tenant:
        if tenant.suspended_at is not None:
            raise AdminError(f"{tenant.slug} is suspended: resume it first")
        license_, key = operations.issue_license(
            product=product_named(tenant, asked.product),
            tier=tier_named(tenant, asked.tier).code,
            seats=asked.seats,
            expires_at=end_asked_for(call),
            hasher=_hasher(),
            principal=call.principal,
            entitlements=asked.entitlement,
            key_auth=asked.key_auth,
            ttl_seconds=asked.ttl_seconds,
            heartbeat_interval_seconds=asked.heartbeat_seconds,
            seats_per_person=asked.seats_per_person,
        )
        return {**_shown(license_), "license_key": key, "note": _SHOWN_ONCE}


def _list(call: Call) -> Answer:
    with on_behalf(call) as tenant:
        rows = License.objects.filter(tenant_id=tenant.id).order_by("created_at", "id")
        if call.asked.status:
            rows = rows.filter(status=call.asked.status)
        return [_in_list(license_) for license_ in rows]


def _find(_call: Call) -> Answer:
    """Go from tenant to tenant: between them the walls hide everybody's licenses."""
    typed = sys.stdin.readline().strip()
    hmacs = _hasher().candidates(typed) if typed.isprintable() else ()
    for tenant in Tenant.objects.order_by("id"):
        with tenant_transaction(tenant.id):
            found = License.objects.filter(tenant_id=tenant.id, key_hmac__in=hmacs).first()
            if found is not None:
                return {"tenant": tenant.slug, **_shown(found)}
    raise NotFound("no license has this key")


def _show(call: Call) -> Answer:
    with license_asked_for(call) as license_:
        return _shown(license_)


def _suspend(call: Call) -> Answer:
    with license_asked_for(call) as license_:
        operations.suspend(license=license_, principal=call.principal)
        return _shown(license_)


def _reinstate(call: Call) -> Answer:
    with license_asked_for(call) as license_:
        operations.reinstate(license=license_, principal=call.principal)
        return _shown(license_)


def _revoke(call: Call) -> Answer:
    with license_asked_for(call) as license_:
        call.require_confirmed(license_.id, "a revoked license ends for good")
        operations.revoke(license=license_, principal=call.principal)
        return _shown(license_)


def _resize(call: Call) -> Answer:
    with license_asked_for(call) as license_:
        operations.resize(license=license_, seats=call.asked.seats, principal=call.principal)
        return _shown(license_)


def _change(call: Call) -> Answer:
    changes = _changes(call.asked)
    if not changes:
        raise AdminError("nothing to change was named")
    with license_asked_for(call) as license_:
        if "tier" in changes:
            tier_named(license_.tenant, changes["tier"])
        if "name" in changes:
            require_valid(License(name=changes["name"]), "name")
        operations.change_license(license=license_, changes=changes, principal=call.principal)
        return _shown(license_)


def _changes(asked: argparse.Namespace) -> dict[str, Any]:
    """Return what was named, by the names that operations know."""
    named = {
        "name": asked.name,
        "tier": asked.tier,
        "entitlements": asked.entitlement,
        "ttl_seconds": asked.ttl_seconds,
        "heartbeat_interval_seconds": asked.heartbeat_seconds,
        "offline_seconds": asked.offline_seconds,
        "overdraft_seats": asked.overdraft_seats,
        "key_auth": None if asked.key_auth is None else asked.key_auth == "on",
    }
    return {name: value for name, value in named.items() if value is not None}


def _cap_persons(call: Call) -> Answer:
    with license_asked_for(call) as license_:
        cap = call.asked.seats_per_person
        operations.set_personal_cap(license=license_, seats=cap, principal=call.principal)
        return _shown(license_)


def _renew(call: Call) -> Answer:
    with license_asked_for(call) as license_:
        end = end_asked_for(call)
        operations.move_expiry(license=license_, expires_at=end, principal=call.principal)
        return _shown(license_)


def _rotate_key(call: Call) -> Answer:
    with license_asked_for(call) as license_:
        call.require_confirmed(license_.id, "programs that know the old key become strangers")
        key = operations.rotate_key(license=license_, hasher=_hasher(), principal=call.principal)
        return {**_shown(license_), "license_key": key, "note": _SHOWN_ONCE}


def _hasher() -> KeyHasher:
    return KeyHasher(settings.LICENSE_KEY_PEPPERS)


def _in_list(license_: License) -> Record:
    return {
        "id": license_.id,
        "key_hint": license_.key_hint,
        "tier": license_.tier,
        "seats": license_.seats,
        "status": license_.status,
        "expires_at": license_.expires_at,
    }


def _shown(license_: License) -> Record:
    return {
        **_in_list(license_),
        "product": license_.product.code,
        "entitlements": license_.entitlements,
        "name": license_.name,
        "key_auth": license_.key_auth,
        "offline_seconds": license_.offline_seconds,
        "overdraft_seats": license_.overdraft_seats,
        "seats_per_person": license_.seats_per_person,
        "ttl_seconds": license_.ttl_seconds,
        "heartbeat_interval_seconds": license_.heartbeat_interval_seconds,
        "created_at": license_.created_at,
    }
