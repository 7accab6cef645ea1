"""``python -m benchmarks.capacity.ledger HELD…``: fills the database that the environment names.

Everything but the leases is made by the operations that the product itself uses.
"""

import sys
from datetime import timedelta

import django
import msgspec

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402

from benchmarks.capacity.prepared import (  # noqa: E402
    HEARTBEAT_INTERVAL_SECONDS,
    HOT_SEATS,
    ROOM,
    SCARCE_SEATS,
    TTL_SECONDS,
    CapacityLedger,
    IssuedLicense,
)
from foundation.clock import utc_now  # noqa: E402
from identity.rules import Role  # noqa: E402
from identity.wiring import development_issuer_from_settings  # noqa: E402
from licenses import operations  # noqa: E402
from licenses.license_key import KeyHasher  # noqa: E402
from licenses.models import Product  # noqa: E402
from signing.wiring import root_from_settings  # noqa: E402
from tenants.models import Tenant  # noqa: E402

_PRINCIPAL = "system:benchmark"


def fill(held_seats: list[int]) -> CapacityLedger:
    """Make the schema, a tenant, and a license for each number of seats that will be held.

    Each has ROOM seats more. One license more is hot, and one has hardly a seat.
    """
    call_command("migrate", verbosity=0)
    root = root_from_settings()
    tenant = operations.create_tenant(slug="benchmark", name="Benchmark", principal=_PRINCIPAL)
    product = operations.create_product(
        tenant=tenant, code="benchmark-app", name="Benchmark", principal=_PRINCIPAL
    )
    return CapacityLedger(
        token=_token(tenant),
        tenant_id=str(tenant.id),
        licenses=[_issue(product, seats=held + ROOM) for held in held_seats],
        hot=_issue(product, seats=HOT_SEATS),
        scarce=_issue(product, seats=SCARCE_SEATS),
        root_pem=root.public_key.pem(),
    )


def _issue(product: Product, *, seats: int) -> IssuedLicense:
    hasher = KeyHasher(settings.LICENSE_KEY_PEPPERS)
    license_, key = operations.issue_license(
        product=product,
        tier="enterprise",
        seats=seats,
        expires_at=utc_now() + timedelta(days=365),
        hasher=hasher,
        principal=_PRINCIPAL,
        entitlements=["export", "render"],
        ttl_seconds=TTL_SECONDS,
        heartbeat_interval_seconds=HEARTBEAT_INTERVAL_SECONDS,
    )
    return IssuedLicense(str(license_.id), key, list(hasher.candidates(key)))


def _token(tenant: Tenant) -> str:
    issuer = development_issuer_from_settings()
    issuer.ensure_row()
    return issuer.mint(
        tenant_id=tenant.id, subject="benchmark", role=Role.MEMBER, lifetime_seconds=86_400
    )


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(fill([int(held) for held in sys.argv[1:]])))
