"""Resource names: ``projects/P/locations/L/keyRings/R/cryptoKeys/K/cryptoKeyVersions/V``.

They become folders on disk, so nothing but these shapes is let through.
"""

import re
from typing import Final

from local_kms.errors import invalid

_LOCATION: Final = r"projects/[a-z0-9][a-z0-9-]{0,62}/locations/[a-z0-9][a-z0-9-]{0,62}"
_ID: Final = r"[a-zA-Z0-9_-]{1,63}"
_RING: Final = rf"{_LOCATION}/keyRings/{_ID}"
_KEY: Final = rf"{_RING}/cryptoKeys/{_ID}"
_VERSION: Final = rf"{_KEY}/cryptoKeyVersions/[1-9][0-9]{{0,8}}"
_SHAPES: Final = {
    "Location": re.compile(_LOCATION, re.ASCII),
    "KeyRing": re.compile(_RING, re.ASCII),
    "CryptoKey": re.compile(_KEY, re.ASCII),
    "CryptoKeyVersion": re.compile(_VERSION, re.ASCII),
}
_ID_SHAPE: Final = re.compile(_ID, re.ASCII)


def location(name: str) -> str:
    """Return the name of a location. Raises Refusal (INVALID_ARGUMENT), as all of these do."""
    return _checked("Location", name)


def key_ring(name: str) -> str:
    """Return the name of a key ring."""
    return _checked("KeyRing", name)


def crypto_key(name: str) -> str:
    """Return the name of a key."""
    return _checked("CryptoKey", name)


def version(name: str) -> str:
    """Return the name of a key version."""
    return _checked("CryptoKeyVersion", name)


def identifier(field: str, value: str) -> str:
    """Return what the last part of a new resource's name may be."""
    if not _ID_SHAPE.fullmatch(value):
        raise invalid(f"{field} {value!r} does not match {_ID}.")
    return value


def parent_of(name: str) -> str:
    """Return the resource that a resource lies in: of a version its key, and so on."""
    return name.rsplit("/", 2)[0]


def number_of(name: str) -> int:
    """Return the number of a key version."""
    return int(name.rsplit("/", 1)[1])


def lineage(name: str) -> list[str]:
    """Return the resource and all it lies in, down to the project."""
    parts = name.split("/")
    return ["/".join(parts[:length]) for length in range(len(parts), 1, -2)]


def _checked(kind: str, name: str) -> str:
    if not _SHAPES[kind].fullmatch(name):
        raise invalid(f"{name!r} is not the resource name of a {kind}.")
    return name
