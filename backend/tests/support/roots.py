"""Root keys for tests: made once and kept, because an RSA-4096 key takes a second."""

import functools
from collections.abc import Callable
from itertools import count

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from coditect_license_token.testing import InMemorySigner
from foundation.private_files import kept
from local_kms.testing import POOL


@functools.cache
def root_pem(number: int) -> bytes:
    """Return the private key of that number as PEM: the same one in every test."""
    POOL.mkdir(mode=0o700, parents=True, exist_ok=True)
    return kept(POOL / f"root-{number}.pem", _fresh)


def _fresh() -> bytes:
    key = generate_private_key(65537, 4096)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@functools.cache  # reading a key costs 260 ms of primality tests
def root_signer(number: int) -> InMemorySigner:
    """Return the signer of that key."""
    return InMemorySigner.from_pem(root_pem(number))


def making_roots() -> Callable[[], bytes]:
    """Return what makes the keys number 0, 1, 2 and so on."""
    numbers = count()
    return lambda: root_pem(next(numbers))
