"""What a vendor does with the kinds of licenses that are sold."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, transaction

from audit.operations import record
from foundation.clock import utc_now
from licenses.default_tiers import DEFAULT_TIERS, DefaultTier
from licenses.errors import TierCodeTaken
from licenses.models import Tier
from licenses.rules import Policy, check_terms
from tenants.current import tenant_transaction

CHANGEABLE: Final = (
    "name",
    "seats",
    "entitlements",
    *(field.name for field in fields(Policy)),
)
"""What :func:`change_tier` may change of a tier."""


def ensure_tiers(*, tenant_id: UUID) -> None:
    """Give a tenant that has no tier the four that everybody begins with.

    Whoever asks for tiers calls this first: a tenant may have come to be in many ways.
    """
    with tenant_transaction(tenant_id):
        if not Tier.objects.exists():
            rows = [_row(tier, tenant_id) for tier in DEFAULT_TIERS]
            Tier.objects.bulk_create(rows, ignore_conflicts=True)  # another call may be as quick


def create_tier(
    *,
    tenant_id: UUID,
    code: str,
    name: str,
    seats: int,
    entitlements: list[str],
    policy: Policy,
    principal: str,
) -> Tier:
    """Create a tier. Raises PolicyMistake for terms out of bounds, TierCodeTaken."""
    check_terms(seats=seats, entitlements=entitlements, policy=policy)
    tier = Tier(
        tenant_id=tenant_id,
        code=code,
        name=name,
        seats=seats,
        entitlements=entitlements,
        **asdict(policy),
    )
    with tenant_transaction(tenant_id):
        try:
            with transaction.atomic():  # a savepoint: the transaction lives on
                tier.save(force_insert=True)
        except IntegrityError as clash:
            raise TierCodeTaken("the tenant has a tier of that code") from clash
        record("tier.created", tenant_id=tenant_id, principal=principal, tier=code)
    return tier


def change_tier(*, tier: Tier, changes: Mapping[str, Any], principal: str) -> None:
    """Change what new licenses of a tier begin with; licenses sold keep what they have.

    Raises PolicyMistake, after which nothing was changed.
    """
    after = {field: changes.get(field, getattr(tier, field)) for field in CHANGEABLE}
    policy = Policy(**{field.name: after[field.name] for field in fields(Policy)})
    check_terms(seats=after["seats"], entitlements=after["entitlements"], policy=policy)
    differing = {name: after[name] for name in CHANGEABLE if after[name] != getattr(tier, name)}
    if differing:
        before = {name: getattr(tier, name) for name in differing}
        with tenant_transaction(tier.tenant_id):
            _save(tier, **differing)
            _record("tier.changed", tier, principal, before=before, after=differing)


def archive_tier(*, tier: Tier, principal: str) -> None:
    """Sell a tier no more. What is archived already stays as it is."""
    if tier.archived_at is None:
        with tenant_transaction(tier.tenant_id):
            _save(tier, archived_at=utc_now())
            _record("tier.archived", tier, principal)


def unarchive_tier(*, tier: Tier, principal: str) -> None:
    """Sell an archived tier again."""
    if tier.archived_at is not None:
        with tenant_transaction(tier.tenant_id):
            _save(tier, archived_at=None)
            _record("tier.unarchived", tier, principal)


def _row(tier: DefaultTier, tenant_id: UUID) -> Tier:
    return Tier(
        tenant_id=tenant_id,
        code=tier.code,
        name=tier.name,
        seats=tier.seats,
        **asdict(tier.policy),
    )


def _save(tier: Tier, **values: Any) -> None:
    for name, value in {**values, "updated_at": utc_now()}.items():
        setattr(tier, name, value)
    tier.save(update_fields=[*values, "updated_at"])


def _record(action: str, tier: Tier, principal: str, **details: Any) -> None:
    tenant_id: UUID = tier.tenant_id
    record(action, tenant_id=tenant_id, principal=principal, tier=tier.code, **details)
