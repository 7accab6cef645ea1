"""The office put together from the settings: the only file of this room that reads them."""

from functools import cache
from uuid import UUID

from django.conf import settings

from foundation.peppers import Peppers
from licenses.license_key import KeyHasher


@cache
def key_hasher_from_settings() -> KeyHasher:
    """Return what hashes license keys, under the peppers of this installation."""
    return KeyHasher(settings.LICENSE_KEY_PEPPERS)


@cache
def peppers_from_settings() -> Peppers:
    """Return what API tokens are stored under."""
    return Peppers(settings.LICENSE_KEY_PEPPERS)


def audit_origin_from_settings(tenant_id: UUID) -> str:
    """Return what names a tenant's chain in its checkpoints (audit.checkpoints.Notary)."""
    return f"{settings.LICENSE_AUDIT_NAME}/{tenant_id}"


def secret_from_settings() -> str:
    """Return the installation's secret, the same in all of its processes."""
    return str(settings.SECRET_KEY)
