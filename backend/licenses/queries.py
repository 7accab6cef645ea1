"""Reading the catalogue, in a transaction of the tenant whose it is."""

from uuid import UUID

from licenses.license_key import KeyHasher
from licenses.models import License


def license_by_id(license_id: UUID) -> License | None:
    """Return the current tenant's license by its id, or None."""
    return License.objects.filter(id=license_id).first()


def license_by_key(key: str, *, hasher: KeyHasher) -> License | None:
    """Return the current tenant's license with this key, or None."""
    return License.objects.filter(key_hmac__in=hasher.candidates(key)).first()
