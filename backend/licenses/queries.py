"""Reading the catalogue, one tenant at a time."""

from uuid import UUID

from licenses.license_key import KeyHasher
from licenses.models import License


def license_by_id(*, tenant_id: UUID, license_id: UUID) -> License | None:
    """Return a tenant's license by its id, or None."""
    return License.objects.filter(tenant_id=tenant_id, id=license_id).first()


def license_by_key(key: str, *, hasher: KeyHasher) -> License | None:
    """Return the license with this key, of whichever tenant, or None. For operators only."""
    return License.objects.filter(key_hmac__in=hasher.candidates(key)).first()
