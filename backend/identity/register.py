"""What the database says of a bearer: which tenant is meant, and what the bearer is in it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, Protocol
from uuid import UUID

from django.db.models import Q, QuerySet

from audit.operations import record
from foundation.peppers import Peppers
from identity import api_token
from identity.api_token import ApiTokenText
from identity.claims import Claimed
from identity.errors import Cause, InvalidCredential, MissingTenant
from identity.models import ApiToken, Member, ServiceAccount, TenantAlias
from identity.rules import Membership, MemberStatus, Principal, PrincipalKind, Role
from tenants.current import tenant_transaction
from tenants.models import Tenant
from tenants.reading import reading

SEEN_AGAIN_AFTER: Final = timedelta(hours=1)
"""How far apart records of one member's sign-ins are at least, and moves of last_seen_at."""


class Register(Protocol):
    """Answers the two questions that a signature leaves open. Reads the database, and blocks."""

    def admit(self, claimed: Claimed, *, now: datetime) -> Principal:
        """Return the principal that a verified token's bearer is. Raises MissingTenant."""
        ...

    def bearer_of(self, token: ApiTokenText, *, now: datetime) -> tuple[Principal, datetime]:
        """Return the principal of an API token and the token's end. Raises InvalidCredential."""
        ...


class _MustWrite(Exception):
    """The bearer is new here, or another than before: reading alone does not answer."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """Who was let in, and what there is to record of it, if anything."""

    principal: Principal
    row: Member | ServiceAccount | None = None
    action: str = ""
    details: Mapping[str, str] = field(default_factory=dict)


def _at_once(deed: Callable[[], None]) -> None:
    deed()


@dataclass(frozen=True, slots=True)
class DatabaseRegister:
    """The register of an installation. ``peppers`` are those that API tokens are stored under.

    Who is known is let in by reading alone, which waits for nobody who writes. That somebody was
    seen is written by ``later``: at once, unless given otherwise.
    """

    peppers: Peppers
    later: Callable[[Callable[[], None]], None] = _at_once

    def admit(self, claimed: Claimed, *, now: datetime) -> Principal:
        """Return the principal; join who was invited, and note who was seen, at most once an hour.

        Raises MissingTenant for a tenant that is not here or is suspended, for a person who is not
        an active member where the issuer's row asks for that, or who is disabled or removed in any
        case.
        """
        try:
            with reading():
                seen = _admitted(claimed, may_write=False)
        except _MustWrite:
            seen = _admitted(claimed, may_write=True)
        self._note(seen, now)
        return seen.principal

    def bearer_of(self, token: ApiTokenText, *, now: datetime) -> tuple[Principal, datetime]:
        """Return the service account of a token; note that it was seen, at most once an hour.

        Raises InvalidCredential for a token that is unknown, over or revoked, for an account that
        is disabled, and while the tenant is suspended. Looks nowhere but in the tenant that the
        token names.
        """
        with reading(), tenant_transaction(token.tenant_id):
            row = ApiToken.objects.filter(
                tenant_id=token.tenant_id, token_hmac__in=api_token.lookups(token, self.peppers)
            ).first()
            is_over = row is None or row.revoked_at is not None or row.expires_at <= now
            if row is None or is_over or not _is_open(token.tenant_id):
                raise InvalidCredential("an API token that counts no more", Cause.API_TOKEN)
            account = _account(token.tenant_id, row.service_account_id)
            principal = Principal(
                kind=PrincipalKind.SERVICE_ACCOUNT,
                tenant_id=token.tenant_id,
                subject=str(account.id),
                role=Role(account.role),
            )
        details = {"token_hint": row.hint}
        self._note(_Seen(principal, account, "service_account.signed_in", details), now)
        return principal, row.expires_at

    def _note(self, seen: _Seen, now: datetime) -> None:
        if seen.row is not None and _is_due(seen.row, now):
            self.later(partial(_record_seen, seen, now))


def _admitted(claimed: Claimed, *, may_write: bool) -> _Seen:
    """Return who was let in. Raises _MustWrite where somebody is to be written down first."""
    tenant_id = _tenant(claimed)
    with tenant_transaction(tenant_id):
        if not _is_open(tenant_id):
            raise MissingTenant("the token names a tenant that is not here")
        principal = Principal(
            kind=claimed.kind,
            tenant_id=tenant_id,
            subject=claimed.subject,
            role=claimed.role,
            is_staff=claimed.is_staff,
            email=claimed.email,
        )
        if claimed.kind is not PrincipalKind.USER:
            return _Seen(principal)
        return _as_member(principal, claimed, may_write=may_write)


def _is_open(tenant_id: UUID) -> bool:
    """Return whether a tenant is here and not suspended."""
    return Tenant.objects.filter(id=tenant_id, suspended_at=None).exists()


def _tenant(claimed: Claimed) -> UUID:
    """Return the tenant that is meant; id and name must mean the same where both are given."""
    if claimed.tenant_name is None:
        if claimed.tenant_id is None:
            raise MissingTenant("the token names no tenant")
        return claimed.tenant_id
    alias = TenantAlias.objects.filter(
        trusted_issuer_id=claimed.row_id, name=claimed.tenant_name
    ).first()
    if alias is None or claimed.tenant_id not in {None, alias.tenant_id}:
        raise MissingTenant("the issuer's name of the tenant is not mapped, or means another")
    return alias.tenant_id


def _as_member(principal: Principal, claimed: Claimed, *, may_write: bool) -> _Seen:
    member = (
        _members(principal.tenant_id).filter(issuer=claimed.issuer, subject=claimed.subject).first()
    )
    if member is None:
        member = _newcomer(principal, claimed, may_write=may_write)
    if member is None:
        return _Seen(principal)
    if member.status != MemberStatus.ACTIVE.value:
        raise MissingTenant("the member is disabled or removed", Cause.MEMBER)
    if claimed.membership is Membership.REQUIRED:
        principal = replace(principal, role=Role(member.role))
    elif claimed.membership is Membership.AUTOMATIC and claimed.role is not None:
        _follow_role(member, claimed.role, may_write=may_write)
    details = {"member_id": str(member.id), "issuer": claimed.issuer}
    return _Seen(replace(principal, member_id=member.id), member, "member.signed_in", details)


def _newcomer(principal: Principal, claimed: Claimed, *, may_write: bool) -> Member | None:
    """Return the row of a person who is seen for the first time, or None where none is needed."""
    known = _of_address(principal.tenant_id, claimed.email)
    if known is not None and known.status in _SHUT:
        raise MissingTenant("the member of this address is disabled or removed", Cause.MEMBER)
    if claimed.membership is Membership.NONE:
        return None
    if not may_write and (known is not None or claimed.membership is Membership.AUTOMATIC):
        raise _MustWrite
    if known is not None and known.status == MemberStatus.INVITED.value:
        return _joined(known, principal, claimed)
    if known is not None and (known.issuer, known.subject) == (claimed.issuer, claimed.subject):
        return known  # joined while this call waited for the row
    if claimed.membership is Membership.AUTOMATIC and claimed.role is not None:
        return _enrolled(principal, claimed, claimed.role, email="" if known else claimed.email)
    raise MissingTenant("the person is no member", Cause.MEMBER)


def _of_address(tenant_id: UUID, email: str | None) -> Member | None:
    """Return the member of a verified address, locked: two who join at once do so in turn."""
    if email is None:
        return None
    return _members(tenant_id).select_for_update().filter(email=email).first()


def _joined(member: Member, principal: Principal, claimed: Claimed) -> Member:
    member.issuer, member.subject = claimed.issuer, claimed.subject
    member.status = MemberStatus.ACTIVE.value
    member.save(update_fields=["issuer", "subject", "status"])
    _record("member.joined", principal, member_id=str(member.id), issuer=claimed.issuer)
    return member


def _enrolled(principal: Principal, claimed: Claimed, role: Role, *, email: str | None) -> Member:
    member, is_new = Member.objects.get_or_create(
        tenant_id=principal.tenant_id,
        issuer=claimed.issuer,
        subject=claimed.subject,
        defaults={
            "email": email or "",
            "role": role.value,
            "status": MemberStatus.ACTIVE.value,
        },
    )
    if is_new:
        _record("member.joined", principal, member_id=str(member.id), issuer=claimed.issuer)
    return member


def _follow_role(member: Member, role: Role, *, may_write: bool) -> None:
    """Note the role that the issuer gives now, so that who reads the row sees what counts."""
    if member.role != role.value:
        if not may_write:
            raise _MustWrite
        member.role = role.value
        member.save(update_fields=["role"])


def _account(tenant_id: UUID, account_id: UUID) -> ServiceAccount:
    accounts = ServiceAccount.objects.filter(tenant_id=tenant_id, id=account_id, enabled=True)
    account = accounts.first()
    if account is None:
        raise InvalidCredential("a service account that is disabled", Cause.API_TOKEN)
    return account


def _members(tenant_id: UUID) -> QuerySet[Member]:
    return Member.objects.filter(tenant_id=tenant_id)


def _is_due(row: Member | ServiceAccount, now: datetime) -> bool:
    return row.last_seen_at is None or row.last_seen_at <= now - SEEN_AGAIN_AFTER


def _record_seen(seen: _Seen, now: datetime) -> None:
    """Move last_seen_at, and record the sign-in, when an hour has passed.

    One statement decides, so that of many processes one writes and records.
    """
    row = seen.row
    due = Q(last_seen_at=None) | Q(last_seen_at__lte=now - SEEN_AGAIN_AFTER)
    if row is None:
        return
    with tenant_transaction(seen.principal.tenant_id):
        if type(row).objects.filter(due, pk=row.pk).update(last_seen_at=now):
            _record(seen.action, seen.principal, **seen.details)


def _record(action: str, principal: Principal, **details: Any) -> None:
    record(action, tenant_id=principal.tenant_id, principal=principal.label, **details)


_SHUT: Final = {MemberStatus.DISABLED.value, MemberStatus.REMOVED.value}
