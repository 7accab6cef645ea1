"""``python -m benchmarks.ledger``: fills the data folder that the environment names.

Everything is made by the operations that the product itself uses; nothing is written around them.
"""

import sys
from datetime import timedelta
from typing import Any

import django
import msgspec

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402

from benchmarks.prepared import LICENSES, SEATS_OF_LICENSE, Ledger  # noqa: E402
from foundation.clock import utc_now  # noqa: E402
from identity.rules import Role  # noqa: E402
from identity.wiring import development_issuer_from_settings  # noqa: E402
from licenses import operations  # noqa: E402
from licenses.license_key import KeyHasher  # noqa: E402
from licenses.models import License, Product  # noqa: E402
from signing.wiring import root_from_settings  # noqa: E402
from tenants.models import Tenant  # noqa: E402

_PRINCIPAL = "system:benchmark"
HASHER = KeyHasher(settings.LICENSE_KEY_PEPPERS)


def fill_ledger() -> Ledger:
    """Make the schema, the root key, a tenant with its licenses, and a member's token."""
    root_pem, product = begin_ledger()
    keys = [issue(product, seats=SEATS_OF_LICENSE, key_auth=True)[1] for _ in range(LICENSES)]
    return Ledger(
        token=member_token(product.tenant),
        tenant_id=str(product.tenant_id),
        license_keys=keys,
        root_pem=root_pem,
    )


def begin_ledger() -> tuple[str, Product]:
    """Make the schema, the root key, a tenant; return the public root and the tenant's product."""
    call_command("migrate", verbosity=0)
    root = root_from_settings()
    tenant = operations.create_tenant(slug="benchmark", name="Benchmark", principal=_PRINCIPAL)
    product = operations.create_product(
        tenant=tenant, code="benchmark-app", name="Benchmark", principal=_PRINCIPAL
    )
    return root.public_key.pem(), product


def issue(product: Product, *, seats: int, **terms: Any) -> tuple[License, str]:
    """Issue a license with a year to go; return it and its key."""
    return operations.issue_license(
        product=product,
        tier="enterprise",
        seats=seats,
        expires_at=utc_now() + timedelta(days=365),
        hasher=HASHER,
        principal=_PRINCIPAL,
        entitlements=["export", "render"],
        **terms,
    )


def member_token(tenant: Tenant) -> str:
    """Return a day's token of a member."""
    issuer = development_issuer_from_settings()
    issuer.ensure_row()
    return issuer.mint(
        tenant_id=tenant.id, subject="benchmark", role=Role.MEMBER, lifetime_seconds=86_400
    )


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(fill_ledger()))
