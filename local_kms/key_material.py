"""Where private keys come from: made when they are asked for, or taken from a pool on disk."""

import threading
from collections import Counter
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from foundation.private_files import kept
from local_kms.algorithms import PrivateKey, new_key


class KeySource(Protocol):
    """Gives private keys, each once in its life, as PKCS #8 in PEM."""

    def __call__(self, material: str) -> bytes:
        """Return a key of a kind, such as ``rsa-4096``."""
        ...


class KeyPool:
    """Keys made once and kept in a folder, so that tests do not wait for prime numbers.

    Every pool gives the same keys in the same order: they are for tests alone. Safe for threads.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._given: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __call__(self, material: str) -> bytes:
        """Return the next key of its kind, made when the folder holds no more of them."""
        with self._lock:
            self._given[material] += 1
            number = self._given[material]
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return kept(self._folder / f"{material}-{number}.pem", lambda: fresh(material))


def fresh(material: str) -> bytes:
    """Return a key that nobody has seen."""
    return pem_of(new_key(material))


def pem_of(key: PrivateKey) -> bytes:
    """Return a private key as PKCS #8 in PEM, not encrypted."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def opened(pem: bytes) -> PrivateKey:
    """Return the private key of a file that this program wrote."""
    # 260 ms of primality tests guard against keys of strangers; these are ours.
    key = load_pem_private_key(pem, password=None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(key, PrivateKey)  # noqa: S101  we write no others
    return key


def public_half(key: PrivateKey, encoding: Encoding) -> bytes:
    """Return the public key as SubjectPublicKeyInfo, in PEM or DER."""
    return key.public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
