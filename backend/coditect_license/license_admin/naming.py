"""How an operator names things: a tenant by slug or id, all else within its tenant."""

import argparse
import math
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Model, Q

from coditect_license.license_admin.commands import Call
from coditect_license.license_admin.errors import AdminError, NotFound
from licenses.models import License, Product, Tier
from licenses.queries import tier_on_sale
from licenses.tier_operations import ensure_tiers
from tenants.current import tenant_transaction
from tenants.models import Tenant

_MOST_DAYS = 36_500


def takes_tenant(parser: argparse.ArgumentParser) -> None:
    """Declare the tenant that a command is about."""
    parser.add_argument("--tenant", required=True, metavar="SLUG", help="the tenant's slug or id")


def tenant_named(word: str) -> Tenant:
    """Return the tenant with this slug or id. Raises NotFound."""
    tenant = Tenant.objects.filter(_named("slug", word)).first()
    if tenant is None:
        raise NotFound(f"there is no tenant {word}")
    return tenant


@contextmanager
def on_behalf(call: Call) -> Iterator[Tenant]:
    """Run a transaction of the tenant that a command is about; a dry run rolls it back."""
    tenant = tenant_named(call.asked.tenant)
    with tenant_transaction(tenant.id):
        yield tenant
        if call.asked.dry_run:
            transaction.set_rollback(True)


@contextmanager
def license_asked_for(call: Call) -> Iterator[License]:
    """Run a transaction of the tenant, with the license that a command is about, locked."""
    with on_behalf(call) as tenant:
        rows = License.objects.select_for_update().filter(tenant_id=tenant.id)
        id_ = as_id(call.asked.license)
        license_ = None if id_ is None else rows.filter(id=id_).first()
        if license_ is None:
            raise NotFound(f"{tenant.slug} has no license {call.asked.license}")
        yield license_


def product_named(tenant: Tenant, word: str) -> Product:
    """Return a tenant's product by its code or id, locked. Raises NotFound."""
    found = Product.objects.select_for_update().filter(tenant_id=tenant.id)
    product = found.filter(_named("code", word)).first()
    if product is None:
        raise NotFound(f"{tenant.slug} has no product {word}")
    return product


def tier_named(tenant: Tenant, word: str) -> Tier:
    """Return a tenant's tier on sale by its code, in a transaction of that tenant.

    Raises NotFound.
    """
    ensure_tiers(tenant_id=tenant.id)
    tier = tier_on_sale(code=word)
    if tier is None:
        raise NotFound(f"{tenant.slug} has no tier {word} on sale")
    return tier


def any_tier_named(tenant: Tenant, word: str) -> Tier:
    """Return a tenant's tier by its code or id, locked, also one that is sold no more.

    In a transaction of that tenant. Raises NotFound.
    """
    ensure_tiers(tenant_id=tenant.id)
    tier = Tier.objects.select_for_update().filter(_named("code", word)).first()
    if tier is None:
        raise NotFound(f"{tenant.slug} has no tier {word}")
    return tier


def require_valid(row: Model, *fields: str) -> None:
    """Raise ValidationError unless what was typed into these fields fits them."""
    known = {field.name for field in type(row)._meta.get_fields()}  # noqa: SLF001 (Django's API)
    row.clean_fields(exclude=known - set(fields))


def _named(field: str, word: str) -> Q:
    id_ = as_id(word)
    return Q(**{field: word}) if id_ is None else Q(**{field: word}) | Q(id=id_)


def as_id(word: str) -> UUID | None:
    """Return an id as it was typed, or None: what is none names nothing."""
    try:
        return UUID(word)
    except ValueError:
        return None


def takes_end(parser: argparse.ArgumentParser) -> None:
    """Declare when something ends: a day or instant, or so many days from now."""
    end = parser.add_mutually_exclusive_group(required=True)
    end.add_argument("--until", type=instant, metavar="WHEN", help="2027-12-31, or RFC 3339")
    end.add_argument("--days", type=int, metavar="N", help="so many days from now")


def end_asked_for(call: Call) -> datetime:
    """Return the end that a command names. Raises AdminError for one that has passed."""
    if call.asked.until is not None:
        end: datetime = call.asked.until
    elif 0 < call.asked.days <= _MOST_DAYS:
        end = call.clock() + timedelta(days=call.asked.days)
    else:
        raise AdminError(f"--days must be from 1 to {_MOST_DAYS}")
    if end <= call.clock():
        raise AdminError("that end has passed")
    return end


def personal_cap(word: str) -> int | None:
    """Return a personal cap as it was typed, None for the installation's setting."""
    if word == "default":
        return None
    try:
        return int(word)
    except ValueError:
        raise argparse.ArgumentTypeError("a number of seats, or default") from None


def some_days(word: str) -> float:
    """Return a number of days as it was typed, from 0 to 36,500; parts of days too."""
    try:
        days = float(word)
    except ValueError:
        days = math.nan
    if not 0 <= days <= _MOST_DAYS:  # also of what is no number
        raise argparse.ArgumentTypeError(f"a number of days, up to {_MOST_DAYS}")
    return days


def instant(word: str) -> datetime:
    """Return an instant as it was typed, in UTC; a day means its beginning there."""
    try:
        found = datetime.fromisoformat(word)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError("a day (2027-12-31) or an RFC 3339 instant") from None
