"""Service accounts and their API tokens. Each deed is one transaction with its audit record.

A token that is revoked, or whose account is disabled or deleted, is refused at once in every
process that hears the notice, and within 60 seconds in the others.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError
from django.db.models import QuerySet

from audit.operations import record
from foundation.clock import utc_now
from foundation.peppers import Peppers
from identity import api_token
from identity.errors import (
    ApiTokenUnknown,
    InvalidLifetime,
    ServiceAccountExists,
    ServiceAccountUnknown,
    TooManyApiTokens,
)
from identity.models import ApiToken, ServiceAccount
from identity.rules import Role
from soft_state.notices import BOARD, Topic
from tenants.current import tenant_transaction

DAY_SECONDS: Final = 86_400
SHORTEST_LIFE_SECONDS: Final = 60
LONGEST_LIFE_SECONDS: Final = 366 * DAY_SECONDS
LONGEST_OVERLAP_SECONDS: Final = 7 * DAY_SECONDS
MOST_TOKENS: Final = 2
"""Tokens of one account that count at a time: the one in use, and its successor."""


def create_service_account(
    *, tenant_id: UUID, name: str, role: Role, principal: str
) -> ServiceAccount:
    """Make a service account, without a token yet. Raises ServiceAccountExists."""
    with _free_name(name), tenant_transaction(tenant_id):
        account = ServiceAccount.objects.create(tenant_id=tenant_id, name=name, role=role.value)
        _told("service_account.created", account, principal, name=name, role=role.value)
    return account


def change_service_account(
    *,
    tenant_id: UUID,
    account_id: UUID,
    principal: str,
    name: str | None = None,
    role: Role | None = None,
    enabled: bool | None = None,
) -> ServiceAccount:
    """Change what is given. Raises ServiceAccountUnknown, ServiceAccountExists."""
    with _free_name(name), tenant_transaction(tenant_id):
        account = _locked(tenant_id, account_id)
        asked = {"name": name, "role": role and role.value, "enabled": enabled}
        changes = {
            field: value
            for field, value in asked.items()
            if value is not None and value != getattr(account, field)
        }
        for field, value in changes.items():
            setattr(account, field, value)
        if changes:
            account.updated_at = utc_now()
            account.save()
            _told("service_account.changed", account, principal, **changes)
    return account


def delete_service_account(*, tenant_id: UUID, account_id: UUID, principal: str) -> None:
    """Delete a service account with its tokens; its name is free again.

    Raises ServiceAccountUnknown.
    """
    with tenant_transaction(tenant_id):
        account = _locked(tenant_id, account_id)
        _told("service_account.deleted", account, principal, name=account.name)
        _tokens(account).delete()
        ServiceAccount.objects.filter(tenant_id=tenant_id, id=account_id).delete()


def issue_token(
    *,
    tenant_id: UUID,
    account_id: UUID,
    lifetime_seconds: int,
    peppers: Peppers,
    principal: str,
    now: datetime | None = None,
) -> tuple[ApiToken, str]:
    """Return a new token's row and the token, which is shown this once and never stored.

    It lives for 60 seconds to 366 days. Raises ServiceAccountUnknown, InvalidLifetime, and
    TooManyApiTokens when two count already.
    """
    _require_within(lifetime_seconds, SHORTEST_LIFE_SECONDS, LONGEST_LIFE_SECONDS)
    now = now or utc_now()
    with tenant_transaction(tenant_id):
        account = _locked(tenant_id, account_id)
        if _counting(account, now).count() >= MOST_TOKENS:
            raise TooManyApiTokens("two tokens count already: revoke one, or rotate")
        row, text = _issued(account, now, lifetime_seconds, peppers)
        _told("api_token.issued", account, principal, token_id=str(row.id), hint=row.hint)
    return row, text


def rotate_token(
    *,
    tenant_id: UUID,
    account_id: UUID,
    lifetime_seconds: int,
    overlap_seconds: int,
    peppers: Peppers,
    principal: str,
    now: datetime | None = None,
) -> tuple[ApiToken, str]:
    """Return a new token; the newest one before it counts for ``overlap_seconds`` more at most.

    Any older one ends now, so that two count and no more. The overlap is 0 seconds to 7 days.
    Raises ServiceAccountUnknown, InvalidLifetime.
    """
    _require_within(lifetime_seconds, SHORTEST_LIFE_SECONDS, LONGEST_LIFE_SECONDS)
    _require_within(overlap_seconds, 0, LONGEST_OVERLAP_SECONDS)
    now = now or utc_now()
    with tenant_transaction(tenant_id):
        account = _locked(tenant_id, account_id)
        counting = [*_counting(account, now).order_by("-created_at", "-id")]
        _end(counting[1:], at=now)
        _end(counting[:1], at=now + timedelta(seconds=overlap_seconds))
        row, text = _issued(account, now, lifetime_seconds, peppers)
        _told("api_token.rotated", account, principal, token_id=str(row.id), hint=row.hint)
    return row, text


def revoke_token(
    *,
    tenant_id: UUID,
    account_id: UUID,
    token_id: UUID,
    principal: str,
    now: datetime | None = None,
) -> None:
    """Have a token count no more; a revoked one stays so. Raises ApiTokenUnknown."""
    with tenant_transaction(tenant_id):
        account = _locked(tenant_id, account_id)
        token = _tokens(account).filter(id=token_id).first()
        if token is None:
            raise ApiTokenUnknown("there is no such token here")
        if (
            _tokens(account)
            .filter(id=token_id, revoked_at=None)
            .update(revoked_at=now or utc_now())
        ):
            _told("api_token.revoked", account, principal, token_id=str(token_id), hint=token.hint)


def _issued(
    account: ServiceAccount, now: datetime, lifetime_seconds: int, peppers: Peppers
) -> tuple[ApiToken, str]:
    token = api_token.write(
        tenant_id=account.tenant_id, randomness=secrets.token_bytes(api_token.RANDOM_BYTES)
    )
    row = ApiToken.objects.create(
        tenant_id=account.tenant_id,
        service_account_id=account.id,
        token_hmac=api_token.stored_as(token, peppers),
        pepper_version=peppers.current_version,
        hint=token.hint,
        created_at=now,
        expires_at=now + timedelta(seconds=lifetime_seconds),
    )
    return row, token.text


def _end(tokens: list[ApiToken], *, at: datetime) -> None:
    for token in tokens:
        token.expires_at = min(token.expires_at, at)
        token.save(update_fields=["expires_at"])


def _locked(tenant_id: UUID, account_id: UUID) -> ServiceAccount:
    rows = ServiceAccount.objects.select_for_update()
    account = rows.filter(tenant_id=tenant_id, id=account_id).first()
    if account is None:
        raise ServiceAccountUnknown("there is no such service account here")
    return account


@contextmanager
def _free_name(name: str | None) -> Iterator[None]:
    """The database says whether a name is free, also to two who ask at once."""
    try:
        yield
    except IntegrityError as taken:
        raise ServiceAccountExists(f"the name {name} is another service account's") from taken


def _require_within(seconds: int, lowest: int, highest: int) -> None:
    if not lowest <= seconds <= highest:
        raise InvalidLifetime(f"from {lowest} to {highest} seconds")


def _tokens(account: ServiceAccount) -> QuerySet[ApiToken]:
    return ApiToken.objects.filter(tenant_id=account.tenant_id, service_account_id=account.id)


def _counting(account: ServiceAccount, now: datetime) -> QuerySet[ApiToken]:
    return _tokens(account).filter(revoked_at=None, expires_at__gt=now)


def _told(action: str, account: ServiceAccount, principal: str, **details: Any) -> None:
    record(
        action,
        tenant_id=account.tenant_id,
        principal=principal,
        service_account_id=str(account.id),
        **details,
    )
    BOARD.announce(Topic.CREDENTIALS, about=account.id)
