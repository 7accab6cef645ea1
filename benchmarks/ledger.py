"""``python -m benchmarks.ledger``: fills the data folder that the environment names.

Everything is made by the operations that the product itself uses; nothing is written around them.
"""

import sys
from datetime import timedelta

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
from licenses.models import Product  # noqa: E402
from signing.wiring import root_from_settings  # noqa: E402
from tenants.models import Tenant  # noqa: E402

_PRINCIPAL = "system:benchmark"


def fill_ledger() -> Ledger:
    """Make the schema, the root key, a tenant with its licenses, and a member's token."""
    call_command("migrate", verbosity=0)
    root = root_from_settings()
    tenant = operations.create_tenant(slug="benchmark", name="Benchmark", principal=_PRINCIPAL)
    product = operations.create_product(
        tenant=tenant, code="benchmark-app", name="Benchmark", principal=_PRINCIPAL
    )
    return Ledger(
        token=_token(tenant),
        tenant_id=str(tenant.id),
        license_keys=_license_keys(product),
        root_pem=root.public_key.pem(),
    )


def _license_keys(product: Product) -> list[str]:
    hasher = KeyHasher(settings.LICENSE_KEY_PEPPERS)
    return [
        operations.issue_license(
            product=product,
            tier="enterprise",
            seats=SEATS_OF_LICENSE,
            expires_at=utc_now() + timedelta(days=365),
            hasher=hasher,
            principal=_PRINCIPAL,
            entitlements=["export", "render"],
            key_auth=True,
        )[1]
        for _ in range(LICENSES)
    ]


def _token(tenant: Tenant) -> str:
    issuer = development_issuer_from_settings()
    issuer.ensure_row()
    return issuer.mint(
        tenant_id=tenant.id, subject="benchmark", role=Role.MEMBER, lifetime_seconds=86_400
    )


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(fill_ledger()))
