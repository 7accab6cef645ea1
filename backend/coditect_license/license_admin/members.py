"""``license-admin member``: the persons of a tenant."""

from uuid import UUID

from coditect_license.license_admin.commands import Call, Nouns
from coditect_license.license_admin.errors import NotFound
from coditect_license.license_admin.naming import as_id, on_behalf, takes_tenant
from coditect_license.license_admin.output import Answer, Record
from identity import membership, queries
from identity.models import Member
from identity.rules import Role
from tenants.models import Tenant

_ROLES = [role.value for role in Role]


def declare(nouns: Nouns) -> None:
    """Declare the noun."""
    noun = nouns.noun("member", "the persons of a tenant")
    listed = noun.verb("list", _list, "show a tenant's members")
    show = noun.verb("show", _show, "show a member")
    invite = noun.verb("invite", _invite, "let a person in, by a verified address", dry_run=True)
    invite.add_argument("email", metavar="EMAIL")
    role = noun.verb("set-role", _set_role, "give a member another role", dry_run=True)
    for parser in (invite, role):
        parser.add_argument("--role", choices=_ROLES, required=True)
    disable = noun.verb("disable", _disable, "shut the door to a member for now", dry_run=True)
    enable = noun.verb("enable", _enable, "let a disabled member in again", dry_run=True)
    remove = noun.verb(
        "remove", _remove, "shut the door to a member for good", dry_run=True, confirm=True
    )
    for parser in (show, role, disable, enable, remove):
        parser.add_argument("member", metavar="MEMBER", help="e-mail address or id")
    for parser in (listed, show, invite, role, disable, enable, remove):
        takes_tenant(parser)


def _list(call: Call) -> Answer:
    with on_behalf(call) as tenant:
        rows = queries.members(tenant_id=tenant.id).order_by("created_at", "id")
        return [_shown(member) for member in rows]


def _show(call: Call) -> Answer:
    with on_behalf(call) as tenant:
        who = _member_id(tenant, call.asked.member)
        return _shown(queries.members(tenant_id=tenant.id).get(id=who))


def _invite(call: Call) -> Answer:
    with on_behalf(call) as tenant:
        member = membership.invite_member(
            tenant_id=tenant.id,
            email=call.asked.email,
            role=Role(call.asked.role),
            principal=call.principal,
        )
        return _shown(member)


def _set_role(call: Call) -> Answer:
    with on_behalf(call) as tenant:
        member = membership.change_role(
            tenant_id=tenant.id,
            member_id=_member_id(tenant, call.asked.member),
            role=Role(call.asked.role),
            principal=call.principal,
        )
        return _shown(member)


def _disable(call: Call) -> Answer:
    with on_behalf(call) as tenant:
        who = _member_id(tenant, call.asked.member)
        return _shown(
            membership.disable_member(tenant_id=tenant.id, member_id=who, principal=call.principal)
        )


def _enable(call: Call) -> Answer:
    with on_behalf(call) as tenant:
        who = _member_id(tenant, call.asked.member)
        return _shown(
            membership.enable_member(tenant_id=tenant.id, member_id=who, principal=call.principal)
        )


def _remove(call: Call) -> Answer:
    with on_behalf(call) as tenant:
        who = _member_id(tenant, call.asked.member)
        call.require_confirmed(call.asked.member, "a member who is removed is out at once")
        return _shown(
            membership.remove_member(tenant_id=tenant.id, member_id=who, principal=call.principal)
        )


def _member_id(tenant: Tenant, word: str) -> UUID:
    """Return the id of the member with this address or id. Raises NotFound."""
    known = queries.members(tenant_id=tenant.id)
    id_ = as_id(word)
    member = (
        known.filter(email=word.lower()).first() if id_ is None else known.filter(id=id_).first()
    )
    if member is None:
        raise NotFound(f"{tenant.slug} has no member {word}")
    found: UUID = member.id
    return found


def _shown(member: Member) -> Record:
    return {
        "id": member.id,
        "email": member.email,
        "role": member.role,
        "status": member.status,
        "last_seen_at": member.last_seen_at,
    }
