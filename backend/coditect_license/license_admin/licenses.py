"""``license-admin license``: the rights that customers bought, and their keys."""

import argparse
import sys
from typing import Any

from django.conf import settings

from coditect_license.license_admin.commands import Call, Nouns
from coditect_license.license_admin.errors import AdminError, NotFound
from coditect_license.license_admin.license_files import declare_download
from coditect_license.license_admin.license_terms import (
    CAP_HELP,
    shown_terms,
    takes_terms,
    terms_asked_for,
    terms_of_sale,
)
from coditect_license.license_admin.naming import (
    end_asked_for,
    instant,
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
from licenses import operations, queries
from licenses.license_key import KeyHasher
from licenses.models import License
from licenses.rules import LicenseStatus
from tenants.current import tenant_transaction
from tenants.models import Tenant

_SHOWN_ONCE = "the key is shown this once and is stored nowhere"


def declare(nouns: Nouns) -> None:
    """Declare the noun."""
    noun = nouns.noun("license", "the rights that customers bought, and their keys")
    create = noun.verb("create", _create, "make a license and show its key, once", dry_run=True)
    _add_terms(create)
    listed = noun.verb("list", _list, "show a tenant's licenses")
    _add_filters(listed)
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
        "--seats-per-person", type=personal_cap, metavar="N", required=True, help=CAP_HELP
    )
    renew = noun.verb("renew", _renew, "move the end of a license on", dry_run=True)
    takes_end(renew)
    rotate = noun.verb(
        "rotate-key", _rotate_key, "give a license a new key and show it, once", confirm=True
    )
    for parser in (show, suspend, reinstate, revoke, resize, change, cap, renew, rotate):
        parser.add_argument("license", metavar="LICENSE", help="its id")
        takes_tenant(parser)
    declare_download(noun)


def _add_filters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--status", choices=[status.value for status in LicenseStatus])
    parser.add_argument("--search", help="a part of the name, or the key's last four characters")
    parser.add_argument("--product", help="the product's code")
    parser.add_argument("--tier", help="the tier's code")
    parser.add_argument("--expires-from", type=instant, metavar="WHEN", help="ends then or later")
    parser.add_argument("--expires-before", type=instant, metavar="WHEN", help="ends earlier")


def _add_terms(parser: argparse.ArgumentParser) -> None:
    takes_tenant(parser)
    parser.add_argument("--product", required=True, help="code or id")
    parser.add_argument(
        "--tier", required=True, help="code of a tier on sale; what else is not said is as it says"
    )
    takes_end(parser)
    parser.add_argument("--name", help="the vendor's own word for it")
    takes_terms(parser)
    parser.add_argument("--seats-per-person", type=personal_cap, metavar="N", help=CAP_HELP)


def _add_changes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", help="the vendor's own word for it")
    parser.add_argument("--tier", help="code of a tier on sale; changes nothing else")
    parser.add_argument(
        "--until", type=instant, metavar="WHEN", help="the new end; one that has passed ends it now"
    )
    takes_terms(parser)


def _create(call: Call) -> Answer:
    asked = call.asked
    with on_behalf(call) as tenant:
        if tenant.suspended_at is not None:
            raise AdminError(f"{tenant.slug} is suspended: resume it first")
        product, tier = product_named(tenant, asked.product), tier_named(tenant, asked.tier)
        if asked.name is not None:
            require_valid(License(name=asked.name), "name")
        license_, key = operations.issue_license(
            product=product,
            tier=tier.code,
            expires_at=end_asked_for(call),
            hasher=_hasher(),
            principal=call.principal,
            name=asked.name or "",
            seats_per_person=asked.seats_per_person,
            **terms_of_sale(tier, terms_asked_for(asked)),
        )
        return _with_key(call, license_, key)


def _list(call: Call) -> Answer:
    asked = call.asked
    with on_behalf(call):
        rows = queries.licenses(
            search=asked.search,
            product=asked.product,
            tier=asked.tier,
            status=LicenseStatus(asked.status) if asked.status else None,
            expires_from=asked.expires_from,
            expires_before=asked.expires_before,
        )
        return [_in_list(license_) for license_ in rows.order_by("created_at", "id")]


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
    said = {"tier": asked.tier, "expires_at": asked.until}
    named = {name: value for name, value in said.items() if value is not None}
    return {**terms_asked_for(asked), **named}


def _cap_persons(call: Call) -> Answer:
    with license_asked_for(call) as license_:
        cap = call.asked.seats_per_person
        operations.set_personal_cap(license=license_, seats=cap, principal=call.principal)
        return _shown(license_)


def _renew(call: Call) -> Answer:
    with license_asked_for(call) as license_:
        end = end_asked_for(call)
        now = call.clock()
        operations.renew(license=license_, expires_at=end, principal=call.principal, now=now)
        return _shown(license_)


def _rotate_key(call: Call) -> Answer:
    with license_asked_for(call) as license_:
        call.require_confirmed(license_.id, "programs that know the old key become strangers")
        key = operations.rotate_key(license=license_, hasher=_hasher(), principal=call.principal)
        return _with_key(call, license_, key)


def _with_key(call: Call, license_: License, key: str) -> Record:
    """Show a license with its key; one that a dry run takes back opens nothing and is not shown."""
    if call.asked.dry_run:
        return _shown(license_)
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
        "name": license_.name,
        **shown_terms(license_),
        "seats_per_person": license_.seats_per_person,
        "created_at": license_.created_at,
    }
