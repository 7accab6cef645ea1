"""``license-admin tier``: the kinds of licenses that are sold, with what new ones begin with."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace

from coditect_license.license_admin.commands import Call, Nouns
from coditect_license.license_admin.errors import AdminError
from coditect_license.license_admin.license_terms import shown_terms, takes_terms, terms_asked_for
from coditect_license.license_admin.naming import (
    any_tier_named,
    on_behalf,
    require_valid,
    takes_tenant,
)
from coditect_license.license_admin.output import Answer, Record
from licenses import queries, tier_operations
from licenses.models import License, Tier
from licenses.rules import Policy


def declare(nouns: Nouns) -> None:
    """Declare the noun."""
    noun = nouns.noun("tier", "the kinds of licenses that are sold")
    listed = noun.verb("list", _list, "show a tenant's tiers")
    show = noun.verb("show", _show, "show a tier, and how many licenses were sold as it")
    create = noun.verb("create", _create, "make a tier", dry_run=True)
    create.add_argument("code", help="what licenses and tokens call it; never changes")
    create.add_argument("--name", required=True, help="for people to read")
    takes_terms(create, seats_are_required=True)
    change = noun.verb(
        "change", _change, "change what new licenses begin with; those sold stay", dry_run=True
    )
    change.add_argument("--name", help="for people to read")
    takes_terms(change)
    archive = noun.verb("archive", _archive, "sell a tier no more; licenses go on", dry_run=True)
    unarchive = noun.verb("unarchive", _unarchive, "sell an archived tier again", dry_run=True)
    for parser in (show, change, archive, unarchive):
        parser.add_argument("tier", metavar="TIER", help="code or id")
    for parser in (listed, show, create, change, archive, unarchive):
        takes_tenant(parser)


def _list(call: Call) -> Answer:
    with on_behalf(call) as tenant:
        tier_operations.ensure_tiers(tenant_id=tenant.id)
        return [_in_list(tier) for tier in queries.tiers().order_by("created_at", "id")]


def _show(call: Call) -> Answer:
    with _tier_asked_for(call) as tier:
        return {**_shown(tier), "licenses": License.objects.filter(tier=tier.code).count()}


def _create(call: Call) -> Answer:
    said = terms_asked_for(call.asked)
    policy = {name: said[name] for name in said if name in {one.name for one in fields(Policy)}}
    with on_behalf(call) as tenant:
        tier_operations.ensure_tiers(tenant_id=tenant.id)
        require_valid(Tier(code=call.asked.code, name=call.asked.name), "code", "name")
        tier = tier_operations.create_tier(
            tenant_id=tenant.id,
            code=call.asked.code,
            name=said["name"],
            seats=said["seats"],
            entitlements=said.get("entitlements", []),
            policy=replace(Policy(), **policy),
            principal=call.principal,
        )
        return _shown(tier)


def _change(call: Call) -> Answer:
    said = terms_asked_for(call.asked)
    if not said:
        raise AdminError("nothing to change was named")
    with _tier_asked_for(call) as tier:
        if "name" in said:
            require_valid(Tier(name=said["name"]), "name")
        tier_operations.change_tier(tier=tier, changes=said, principal=call.principal)
        return _shown(tier)


def _archive(call: Call) -> Answer:
    with _tier_asked_for(call) as tier:
        tier_operations.archive_tier(tier=tier, principal=call.principal)
        return _shown(tier)


def _unarchive(call: Call) -> Answer:
    with _tier_asked_for(call) as tier:
        tier_operations.unarchive_tier(tier=tier, principal=call.principal)
        return _shown(tier)


@contextmanager
def _tier_asked_for(call: Call) -> Iterator[Tier]:
    """Run a transaction of the tenant, with the tier that a command is about, locked."""
    with on_behalf(call) as tenant:
        yield any_tier_named(tenant, call.asked.tier)


def _in_list(tier: Tier) -> Record:
    return {
        "id": tier.id,
        "code": tier.code,
        "name": tier.name,
        "seats": tier.seats,
        "archived_at": tier.archived_at,
    }


def _shown(tier: Tier) -> Record:
    return {**_in_list(tier), **shown_terms(tier), "created_at": tier.created_at}
