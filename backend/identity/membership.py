"""Who belongs to a tenant. Each deed is one transaction with its audit record.

Whoever is disabled, removed or given another role is that at once in every process that hears the
notice, and within 60 seconds in the others (identity/verified_tokens.py).
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.db.models import QuerySet

from audit.operations import record
from foundation.clock import utc_now
from identity.errors import LastOwner, MemberExists, MemberUnknown
from identity.models import Member
from identity.rules import MemberStatus, Role, normalized_email
from soft_state.notices import BOARD, Topic
from tenants.current import tenant_transaction


def invite_member(*, tenant_id: UUID, email: str, role: Role, principal: str) -> Member:
    """Invite a person, who is in with the first sign-in under this verified address.

    Whoever was removed before is invited anew, and known by the address alone again. Raises
    InvalidEmail, and MemberExists for an address that is a member's already.
    """
    address = normalized_email(email)
    try:
        return _invite(tenant_id, address, role, principal)
    except IntegrityError as race:  # somebody else invited the same address meanwhile
        raise MemberExists(f"{address} is a member already") from race


def _invite(tenant_id: UUID, address: str, role: Role, principal: str) -> Member:
    with tenant_transaction(tenant_id):
        member = _locked(tenant_id).filter(email=address).first()
        if member is None:
            member = Member(tenant_id=tenant_id, email=address)
        elif member.status != MemberStatus.REMOVED.value:
            raise MemberExists(f"{address} is a member already")
        member.issuer = member.subject = ""
        member.invited_by = principal
        member.role, member.status = role.value, MemberStatus.INVITED.value
        member.updated_at = utc_now()
        member.save()
        _told("member.invited", member, principal, role=role.value)
    return member


def change_role(*, tenant_id: UUID, member_id: UUID, role: Role, principal: str) -> Member:
    """Give a member another role. Raises MemberUnknown, LastOwner."""

    def deed(member: Member) -> dict[str, Any]:
        before, member.role = member.role, role.value
        return {"before": before, "role": role.value}

    return _change("member.role_changed", tenant_id, member_id, principal, deed)


def disable_member(*, tenant_id: UUID, member_id: UUID, principal: str) -> Member:
    """Shut the door to a member until :func:`enable_member`. Raises MemberUnknown, LastOwner."""
    return _move("member.disabled", tenant_id, member_id, principal, MemberStatus.DISABLED)


def enable_member(*, tenant_id: UUID, member_id: UUID, principal: str) -> Member:
    """Let a disabled member in again; who never came is invited as before. Raises MemberUnknown."""

    def deed(member: Member) -> dict[str, Any]:
        status = MemberStatus.ACTIVE if member.subject else MemberStatus.INVITED
        member.status = status.value
        return {}

    return _change("member.enabled", tenant_id, member_id, principal, deed)


def remove_member(*, tenant_id: UUID, member_id: UUID, principal: str) -> Member:
    """Shut the door to a member for good; the row stays. Raises MemberUnknown, LastOwner."""
    return _move("member.removed", tenant_id, member_id, principal, MemberStatus.REMOVED)


def _move(
    action: str, tenant_id: UUID, member_id: UUID, principal: str, status: MemberStatus
) -> Member:
    def deed(member: Member) -> dict[str, Any]:
        member.status = status.value
        return {}

    return _change(action, tenant_id, member_id, principal, deed)


def _change(
    action: str,
    tenant_id: UUID,
    member_id: UUID,
    principal: str,
    deed: Callable[[Member], dict[str, Any]],
) -> Member:
    with tenant_transaction(tenant_id):
        # All owners are locked, in one order: two who take each other's role wait here.
        owners = {owner.id for owner in _owners(tenant_id)}
        member = _present(tenant_id, member_id)
        details = deed(member)
        if owners == {member.id} and not _is_owner(member):
            raise LastOwner("a tenant keeps one active owner at least")
        member.updated_at = utc_now()
        member.save()
        _told(action, member, principal, **details)
    return member


def _locked(tenant_id: UUID) -> QuerySet[Member]:
    return Member.objects.select_for_update().filter(tenant_id=tenant_id)


def _owners(tenant_id: UUID) -> QuerySet[Member]:
    active = MemberStatus.ACTIVE.value
    return _locked(tenant_id).filter(role=Role.OWNER.value, status=active).order_by("id")


def _is_owner(member: Member) -> bool:
    return (member.role, member.status) == (Role.OWNER.value, MemberStatus.ACTIVE.value)


def _present(tenant_id: UUID, member_id: UUID) -> Member:
    removed = MemberStatus.REMOVED.value
    member = _locked(tenant_id).filter(id=member_id).exclude(status=removed).first()
    if member is None:
        raise MemberUnknown("there is no such member here")
    return member


def _told(action: str, member: Member, principal: str, **details: Any) -> None:
    member_id = str(member.id)
    record(action, tenant_id=member.tenant_id, principal=principal, member_id=member_id, **details)
    BOARD.announce(Topic.CREDENTIALS, about=member.id)
