"""The office put together from the settings: the only file of this room that reads them."""

from functools import cache

from django.conf import settings

from licenses.license_key import KeyHasher


@cache
def key_hasher_from_settings() -> KeyHasher:
    """Return what hashes license keys, under the peppers of this installation."""
    return KeyHasher(settings.LICENSE_KEY_PEPPERS)


def secret_from_settings() -> str:
    """Return the installation's secret, the same in all of its processes."""
    return str(settings.SECRET_KEY)
