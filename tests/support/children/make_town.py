"""Makes tenants beside a running server, as an operator would; prints who they are as JSON.

Arguments: the slugs. Everybody's tokens are the development issuer's, staff's among them.
"""

import json
import sys
from datetime import timedelta

from foundation.env import use_settings

use_settings("coditect_license.settings")

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402

from foundation.clock import utc_now  # noqa: E402
from identity.development import DevelopmentIssuer  # noqa: E402
from identity.jose import mint_token  # noqa: E402
from identity.models import TrustedIssuer  # noqa: E402
from identity.rules import Role  # noqa: E402
from identity.wiring import development_issuer_from_settings  # noqa: E402
from licenses import operations  # noqa: E402
from licenses.license_key import KeyHasher  # noqa: E402
from licenses.models import Product  # noqa: E402
from tenants.current import tenant_transaction  # noqa: E402
from tenants.models import Tenant  # noqa: E402

_VENDOR = "system:town"
_STAFF = "staff"
_HOUR = 3_600


def people(issuer: DevelopmentIssuer, tenant: Tenant) -> dict[str, str]:
    """Return a token of somebody in each role, and of one of the vendor's own people."""
    tokens = {
        role.value: issuer.mint(
            tenant_id=tenant.id,
            subject=f"{tenant.slug}-{role.value}",
            role=role,
            lifetime_seconds=_HOUR,
        )
        for role in Role
    }
    return {
        **tokens,
        _STAFF: staff_token(issuer, tenant, role=Role.VIEWER),
        "anything": staff_token(issuer, tenant, role=Role.OWNER),
    }


def staff_token(issuer: DevelopmentIssuer, tenant: Tenant, *, role: Role) -> str:
    now = int(utc_now().timestamp())
    claims = {
        "iss": issuer.issuer,
        "aud": settings.LICENSE_ISSUER,
        "sub": "sam",
        "iat": now,
        "exp": now + _HOUR,
        "tenant_id": str(tenant.id),
        "role": role.value,
        _STAFF: True,
    }
    return mint_token(claims, private_key=issuer._private_key, key_id=issuer._public_key.key_id)


def license_of(product: Product, *, key_auth: bool) -> dict[str, str]:
    license_, key = operations.issue_license(
        product=product,
        tier="pro",
        seats=50,
        expires_at=utc_now() + timedelta(days=30),
        hasher=KeyHasher(settings.LICENSE_KEY_PEPPERS),
        principal=_VENDOR,
        key_auth=key_auth,
        offline_seconds=604_800,
    )
    return {"license_id": str(license_.id), "license_key": key}


def tenant(issuer: DevelopmentIssuer, slug: str) -> dict[str, object]:
    made = operations.create_tenant(slug=slug, name=slug.title(), principal=_VENDOR)
    with tenant_transaction(made.id):
        product = operations.create_product(
            tenant=made, code="demo-app", name="Application", principal=_VENDOR
        )
        by_login = license_of(product, key_auth=False)
        by_key = license_of(product, key_auth=True)
    return {
        "tenant_id": str(made.id),
        "product_id": str(product.id),
        **by_login,
        "shown_key": by_key["license_key"],
        "tokens": people(issuer, made),
    }


if __name__ == "__main__":
    issuer = development_issuer_from_settings()
    TrustedIssuer.objects.filter(issuer=issuer.issuer).update(staff_claim=_STAFF)
    json.dump({slug: tenant(issuer, slug) for slug in sys.argv[1:]}, sys.stdout)
