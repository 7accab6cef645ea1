"""Key rings, keys and versions, and where they are kept. Knows no callers and no network."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, TypeVar

from google.cloud import kms

from foundation.clock import Clock
from local_kms import names, versions
from local_kms.algorithms import SCHEMES, PrivateKey
from local_kms.errors import already_exists, not_found
from local_kms.folder import DataFolder
from local_kms.habits import Habits
from local_kms.key_material import KeySource, opened
from local_kms.versions import State

Resource = TypeVar("Resource", kms.KeyRing, kms.CryptoKey, kms.CryptoKeyVersion)

_SIGNING: Final = kms.CryptoKey.CryptoKeyPurpose.ASYMMETRIC_SIGN


class Vault:
    """The resources of one data folder, read at the start and written at each change.

    What it gives out are copies. Safe for threads. Every method takes checked names and raises
    Refusal (NOT_FOUND, ALREADY_EXISTS, FAILED_PRECONDITION).
    """

    def __init__(
        self, folder: DataFolder, *, new_key: KeySource, clock: Clock, habits: Habits
    ) -> None:
        self._folder = folder
        self._new_key = new_key
        self._clock = clock
        self._habits = habits
        self._lock = threading.RLock()
        self._material: dict[str, PrivateKey] = {}
        self._usable_until: dict[str, datetime] = {}
        self._rings = self._read(kms.KeyRing, "key_ring.json")
        self._keys = self._read(kms.CryptoKey, "crypto_key.json")
        self._versions = self._read(kms.CryptoKeyVersion, "version.json")

    def add_key_ring(self, name: str) -> kms.KeyRing:
        """Make a key ring. It stays for ever."""
        with self._lock:
            if name in self._rings:
                raise already_exists(name)
            ring = kms.KeyRing(name=name, create_time=self._clock())
            self._rings[name] = ring
            self._folder.write(f"{name}/key_ring.json", _json(ring))
            return ring

    def add_crypto_key(self, key: kms.CryptoKey) -> kms.CryptoKey:
        """Make a key without versions; its name is set by the caller."""
        with self._lock:
            self.key_ring(names.parent_of(key.name))
            if key.name in self._keys:
                raise already_exists(key.name)
            key.create_time = self._clock()
            self._keys[key.name] = key
            self._write_key(key)
            return _copy(key)

    def add_version(self, key_name: str) -> kms.CryptoKeyVersion:
        """Make the next version of a key, pending for as long as the habits say."""
        with self._lock:
            key = self.crypto_key(key_name)
            number = 1 + len(self.versions_of(key_name))
            version = kms.CryptoKeyVersion(
                name=f"{key_name}/cryptoKeyVersions/{number}",
                create_time=self._clock(),
                algorithm=key.version_template.algorithm,
                protection_level=key.version_template.protection_level,
                state=State.PENDING_GENERATION,
            )
            self._versions[version.name] = version
            if key.purpose == _SIGNING:
                material = SCHEMES[version.algorithm].material
                self._folder.write(f"{version.name}/key.pem", self._new_key(material))
            return self._settled(version, changed=True)

    def key_ring(self, name: str) -> kms.KeyRing:
        """Return a key ring."""
        with self._lock:
            if name not in self._rings:
                raise not_found(name)
            return _copy(self._rings[name])

    def crypto_key(self, name: str) -> kms.CryptoKey:
        """Return a key."""
        with self._lock:
            if name not in self._keys:
                raise not_found(name)
            return _copy(self._keys[name])

    def version(self, name: str) -> kms.CryptoKeyVersion:
        """Return a version as it is now."""
        with self._lock:
            if name not in self._versions:
                raise not_found(name)
            return self._settled(self._versions[name])

    def key_rings_in(self, location: str) -> list[kms.KeyRing]:
        """Return the key rings of a location by name."""
        with self._lock:
            inside = [name for name in sorted(self._rings) if names.parent_of(name) == location]
            return [_copy(self._rings[name]) for name in inside]

    def crypto_keys_of(self, ring: str) -> list[kms.CryptoKey]:
        """Return the keys of a ring by name."""
        with self._lock:
            self.key_ring(ring)
            inside = [name for name in sorted(self._keys) if names.parent_of(name) == ring]
            return [_copy(self._keys[name]) for name in inside]

    def versions_of(self, key_name: str) -> list[kms.CryptoKeyVersion]:
        """Return the versions of a key by number, as they are now."""
        with self._lock:
            self.crypto_key(key_name)
            inside = [name for name in self._versions if names.parent_of(name) == key_name]
            return [self.version(name) for name in sorted(inside, key=names.number_of)]

    def change_key(self, name: str, change: Callable[[kms.CryptoKey], None]) -> kms.CryptoKey:
        """Change a key and keep it; ``change`` may refuse, and then nothing is kept."""
        with self._lock:
            key = self.crypto_key(name)
            change(key)
            self._keys[name] = key
            self._write_key(key)
            return _copy(key)

    def change_version(
        self, name: str, change: Callable[[kms.CryptoKeyVersion, kms.CryptoKey, datetime], None]
    ) -> kms.CryptoKeyVersion:
        """Change a version, given its key and the present instant, and keep it."""
        with self._lock:
            version, now = self.version(name), self._clock()
            was_enabled = version.state == State.ENABLED
            change(version, self._keys[names.parent_of(name)], now)
            if was_enabled and version.state != State.ENABLED:
                lag = timedelta(seconds=self._habits.disable_seconds)
                self._usable_until[name] = now + lag
            self._versions[name] = version
            return self._settled(version, changed=True)

    def usable_material(self, name: str) -> PrivateKey:
        """Return the private key of a version that may be used. Raises Refusal when it may not.

        A version that was disabled a moment ago may: that is how Cloud KMS does it (Habits).
        """
        with self._lock:
            version = self.version(name)
            lags = name in self._usable_until and self._clock() < self._usable_until[name]
            if version.state != State.ENABLED and not (lags and version.state != State.DESTROYED):
                raise versions.wrong_state(version)
            if name not in self._material:
                self._material[name] = opened(self._folder.read(f"{name}/key.pem") or b"")
            return self._material[name]

    def _settled(
        self, version: kms.CryptoKeyVersion, *, changed: bool = False
    ) -> kms.CryptoKeyVersion:
        if versions.settle(version, self._habits, self._clock()) or changed:
            self._folder.write(f"{version.name}/version.json", _json(version))
        if version.state == State.DESTROYED:
            self._material.pop(version.name, None)
            self._folder.remove(f"{version.name}/key.pem")
        return _copy(version)

    def _write_key(self, key: kms.CryptoKey) -> None:
        self._folder.write(f"{key.name}/crypto_key.json", _json(key))

    def _read(self, kind: type[Resource], file: str) -> dict[str, Resource]:
        found = self._folder.every(file, under="projects")
        return {name: kind.from_json(content) for name, content in found}


def _copy(resource: Resource) -> Resource:
    kind = type(resource)
    return kind(resource)


def _json(resource: kms.KeyRing | kms.CryptoKey | kms.CryptoKeyVersion) -> bytes:
    kind = type(resource)
    return str(kind.to_json(resource)).encode()
