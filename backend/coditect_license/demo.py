"""The demo: a tenant with a 10-seat license that takes its key as a credential.

What a person needs to try it stands in ``demo.json`` (mode 0600) in the data folder. The key is
known there only: when the file is gone, the license gets a new one.
"""

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Final

import msgspec
from django.conf import settings
from msgspec import Struct

from foundation.clock import utc_now
from identity.rules import Role
from identity.wiring import development_issuer_from_settings
from licenses import operations, queries
from licenses.license_key import KeyHasher
from licenses.models import License, Product
from tenants.current import tenant_transaction
from tenants.models import Tenant

SLUG: Final = "demo"
SEATS: Final = 10
TOKEN_SECONDS: Final = 7 * 86_400
_PRINCIPAL: Final = "system:demo"
_LICENSE_LIFE: Final = timedelta(days=365)


class Demo(Struct, frozen=True):
    """The content of ``demo.json``."""

    base_url: str
    license_key: str
    seats: int
    token: str
    tenant_id: str


def prepare_demo(path: Path, *, base_url: str) -> Demo:
    """Return the demo, made or completed where something of it is missing, and written down."""
    issuer = development_issuer_from_settings()
    issuer.ensure_row()
    hasher = KeyHasher(settings.LICENSE_KEY_PEPPERS)
    license_, key = _license_with_key(_known_key(path), hasher)
    token = issuer.mint(
        tenant_id=license_.tenant_id,
        subject="demo-owner",
        role=Role.OWNER,
        lifetime_seconds=TOKEN_SECONDS,
    )
    demo = Demo(base_url, key, license_.seats, token, str(license_.tenant_id))
    _write(path, demo)
    return demo


def _license_with_key(known_key: str | None, hasher: KeyHasher) -> tuple[License, str]:
    tenant = Tenant.objects.filter(slug=SLUG).first() or operations.create_tenant(
        slug=SLUG, name="Demo", principal=_PRINCIPAL
    )
    with tenant_transaction(tenant.id):
        license_ = License.objects.order_by("created_at").first()
        if license_ is None:
            return _issue(_product(tenant), hasher)
        if known_key and queries.license_by_key(known_key, hasher=hasher) == license_:
            return license_, known_key
        return license_, operations.rotate_key(
            license=license_, hasher=hasher, principal=_PRINCIPAL
        )


def _issue(product: Product, hasher: KeyHasher) -> tuple[License, str]:
    return operations.issue_license(
        product=product,
        tier="enterprise",
        seats=SEATS,
        expires_at=utc_now() + _LICENSE_LIFE,
        hasher=hasher,
        principal=_PRINCIPAL,
        entitlements=["demo"],
        key_auth=True,
    )


def _product(tenant: Tenant) -> Product:
    return Product.objects.first() or operations.create_product(
        tenant=tenant, code="demo-app", name="Demo application", principal=_PRINCIPAL
    )


def _known_key(path: Path) -> str | None:
    """Return the key that the file names, or None when it is gone or spoiled."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Demo).license_key
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def _write(path: Path, demo: Demo) -> None:
    draft = path.with_name(f".{path.name}.draft")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        json.dump(msgspec.to_builtins(demo), file, indent=2)
        file.write("\n")
    draft.replace(path)
