"""Making, listing and changing key rings, keys and versions, as the administrators do it."""

from datetime import timedelta
from typing import Any, Final

from google.cloud import kms

from local_kms import names, versions
from local_kms.algorithms import SCHEMES, Algorithm
from local_kms.callers import Caller
from local_kms.errors import Refusal, invalid, unimplemented
from local_kms.iam import Policies
from local_kms.paging import by_state, page
from local_kms.vault import Vault

# proto-plus has no types: mypy takes its enums for plain classes.
Purpose: Final[Any] = kms.CryptoKey.CryptoKeyPurpose
Level: Final[Any] = kms.ProtectionLevel

_LEVELS: Final = {Level.SOFTWARE, Level.HSM}
_SHORTEST_DESTRUCTION: Final = timedelta(days=1)
_DEFAULT_DESTRUCTION: Final = timedelta(days=30)
_LONGEST_DESTRUCTION: Final = timedelta(days=120)
_CHANGEABLE: Final = {"labels", "version_template.algorithm", "version_template"}


class AdministrationCalls:
    """The calls that make and change resources. Each checks names, then the caller, then acts."""

    def __init__(self, vault: Vault, policies: Policies) -> None:
        self._vault = vault
        self._policies = policies

    def create_key_ring(self, request: kms.CreateKeyRingRequest, caller: Caller) -> kms.KeyRing:
        """Make a key ring."""
        location = names.location(request.parent)
        ring_id = names.identifier("key_ring_id", request.key_ring_id)
        self._policies.require(caller, "cloudkms.keyRings.create", location)
        return self._vault.add_key_ring(f"{location}/keyRings/{ring_id}")

    def get_key_ring(self, request: kms.GetKeyRingRequest, caller: Caller) -> kms.KeyRing:
        """Return a key ring."""
        name = names.key_ring(request.name)
        self._policies.require(caller, "cloudkms.keyRings.get", name)
        return self._vault.key_ring(name)

    def list_key_rings(
        self, request: kms.ListKeyRingsRequest, caller: Caller
    ) -> kms.ListKeyRingsResponse:
        """Return a page of a location's key rings."""
        location = names.location(request.parent)
        self._policies.require(caller, "cloudkms.keyRings.list", location)
        _refuse_filter(request.filter, request.order_by)
        every = self._vault.key_rings_in(location)
        some, token = page(every, size=request.page_size, token=request.page_token)
        return kms.ListKeyRingsResponse(
            key_rings=some, next_page_token=token, total_size=len(every)
        )

    def create_crypto_key(
        self, request: kms.CreateCryptoKeyRequest, caller: Caller
    ) -> kms.CryptoKey:
        """Make a key and, unless told not to, its first version."""
        ring = names.key_ring(request.parent)
        key_id = names.identifier("crypto_key_id", request.crypto_key_id)
        self._policies.require(caller, "cloudkms.cryptoKeys.create", ring)
        key = self._vault.add_crypto_key(
            _planned(request.crypto_key, f"{ring}/cryptoKeys/{key_id}")
        )
        if not request.skip_initial_version_creation:
            self._vault.add_version(key.name)
        return key

    def get_crypto_key(self, request: kms.GetCryptoKeyRequest, caller: Caller) -> kms.CryptoKey:
        """Return a key. Keys that sign have no primary version."""
        name = names.crypto_key(request.name)
        self._policies.require(caller, "cloudkms.cryptoKeys.get", name)
        return self._vault.crypto_key(name)

    def list_crypto_keys(
        self, request: kms.ListCryptoKeysRequest, caller: Caller
    ) -> kms.ListCryptoKeysResponse:
        """Return a page of a ring's keys."""
        ring = names.key_ring(request.parent)
        self._policies.require(caller, "cloudkms.cryptoKeys.list", ring)
        _refuse_filter(request.filter, request.order_by)
        every = self._vault.crypto_keys_of(ring)
        some, token = page(every, size=request.page_size, token=request.page_token)
        return kms.ListCryptoKeysResponse(
            crypto_keys=some, next_page_token=token, total_size=len(every)
        )

    def update_crypto_key(
        self, request: kms.UpdateCryptoKeyRequest, caller: Caller
    ) -> kms.CryptoKey:
        """Change a key's labels or what its next versions will be like."""
        name = names.crypto_key(request.crypto_key.name)
        self._policies.require(caller, "cloudkms.cryptoKeys.update", name)
        paths = list(request.update_mask.paths)
        if not paths:
            raise invalid("update_mask is required.")

        def change(key: kms.CryptoKey) -> None:
            for path in paths:
                _change_key(key, path, request.crypto_key)

        return self._vault.change_key(name, change)

    def create_version(
        self, request: kms.CreateCryptoKeyVersionRequest, caller: Caller
    ) -> kms.CryptoKeyVersion:
        """Make a key's next version."""
        key = names.crypto_key(request.parent)
        self._policies.require(caller, "cloudkms.cryptoKeyVersions.create", key)
        return self._vault.add_version(key)

    def get_version(
        self, request: kms.GetCryptoKeyVersionRequest, caller: Caller
    ) -> kms.CryptoKeyVersion:
        """Return a version."""
        name = names.version(request.name)
        self._policies.require(caller, "cloudkms.cryptoKeyVersions.get", name)
        return self._vault.version(name)

    def list_versions(
        self, request: kms.ListCryptoKeyVersionsRequest, caller: Caller
    ) -> kms.ListCryptoKeyVersionsResponse:
        """Return a page of a key's versions by number; ``filter`` may name a state."""
        key = names.crypto_key(request.parent)
        self._policies.require(caller, "cloudkms.cryptoKeyVersions.list", key)
        _refuse_filter("", request.order_by)
        every = by_state(self._vault.versions_of(key), request.filter)
        some, token = page(every, size=request.page_size, token=request.page_token)
        return kms.ListCryptoKeyVersionsResponse(
            crypto_key_versions=some, next_page_token=token, total_size=len(every)
        )

    def update_version(
        self, request: kms.UpdateCryptoKeyVersionRequest, caller: Caller
    ) -> kms.CryptoKeyVersion:
        """Enable or disable a version."""
        name = names.version(request.crypto_key_version.name)
        self._policies.require(caller, "cloudkms.cryptoKeyVersions.update", name)
        if list(request.update_mask.paths) != ["state"]:
            raise invalid("update_mask must be state, and nothing else.")
        wanted = request.crypto_key_version.state
        return self._vault.change_version(
            name, lambda version, *_: versions.switch(version, wanted)
        )

    def destroy_version(
        self, request: kms.DestroyCryptoKeyVersionRequest, caller: Caller
    ) -> kms.CryptoKeyVersion:
        """Schedule a version's destruction."""
        name = names.version(request.name)
        self._policies.require(caller, "cloudkms.cryptoKeyVersions.destroy", name)
        return self._vault.change_version(name, versions.schedule_destruction)

    def restore_version(
        self, request: kms.RestoreCryptoKeyVersionRequest, caller: Caller
    ) -> kms.CryptoKeyVersion:
        """Take a scheduled destruction back."""
        name = names.version(request.name)
        self._policies.require(caller, "cloudkms.cryptoKeyVersions.restore", name)
        return self._vault.change_version(name, lambda version, *_: versions.restore(version))


def signing_key(name: str, algorithm: int) -> kms.CryptoKey:
    """Return a key that signs, as it would be asked for with nothing but an algorithm."""
    template = kms.CryptoKeyVersionTemplate(algorithm=algorithm)
    asked = kms.CryptoKey(purpose=Purpose.ASYMMETRIC_SIGN, version_template=template)
    return _planned(asked, name)


def _planned(asked: kms.CryptoKey, name: str) -> kms.CryptoKey:
    """Return the key that a request describes, with what Cloud KMS fills in. Raises Refusal."""
    template = asked.version_template
    if asked.rotation_period or asked.next_rotation_time:
        raise _no_rotation(asked.purpose)
    level = Level(template.protection_level) or Level.SOFTWARE
    if level not in _LEVELS:
        raise unimplemented(f"the protection level {level.name}.")
    duration = asked.destroy_scheduled_duration or _DEFAULT_DESTRUCTION
    if not _SHORTEST_DESTRUCTION <= duration <= _LONGEST_DESTRUCTION:
        raise invalid("destroy_scheduled_duration must be between 1 and 120 days.")
    return kms.CryptoKey(
        name=name,
        purpose=asked.purpose,
        labels=dict(asked.labels),
        destroy_scheduled_duration=duration,
        version_template=kms.CryptoKeyVersionTemplate(
            algorithm=_algorithm(asked.purpose, template.algorithm), protection_level=level
        ),
    )


def _algorithm(purpose: int, asked: int) -> int:
    if purpose == Purpose.ENCRYPT_DECRYPT:
        symmetric = Algorithm.GOOGLE_SYMMETRIC_ENCRYPTION
        if asked not in {Algorithm.CRYPTO_KEY_VERSION_ALGORITHM_UNSPECIFIED, symmetric}:
            raise invalid(f"{Algorithm(asked).name} is not an algorithm of ENCRYPT_DECRYPT.")
        return int(symmetric)
    if purpose != Purpose.ASYMMETRIC_SIGN:
        raise unimplemented(f"keys of the purpose {Purpose(purpose).name}.")
    if asked == Algorithm.CRYPTO_KEY_VERSION_ALGORITHM_UNSPECIFIED:
        raise invalid("version_template.algorithm is required for ASYMMETRIC_SIGN.")
    if asked not in SCHEMES:
        raise unimplemented(f"the algorithm {Algorithm(asked).name} for ASYMMETRIC_SIGN.")
    return asked


def _change_key(key: kms.CryptoKey, path: str, asked: kms.CryptoKey) -> None:
    if path in {"rotation_period", "next_rotation_time"}:
        raise _no_rotation(key.purpose)
    if path not in _CHANGEABLE:
        raise invalid(f"The field {path} cannot be updated.")
    if path == "labels":
        key.labels = dict(asked.labels)
        return
    algorithm = _algorithm(key.purpose, asked.version_template.algorithm)
    key.version_template.algorithm = Algorithm(algorithm)


def _no_rotation(purpose: int) -> Refusal:
    """Return the refusal of what Cloud KMS does for symmetric keys alone: rotating by itself."""
    if purpose == Purpose.ENCRYPT_DECRYPT:
        return unimplemented("automatic rotation.")
    return invalid(
        "rotation_period and next_rotation_time may only be set for keys with the purpose "
        "ENCRYPT_DECRYPT."
    )


def _refuse_filter(text: str, order: str) -> None:
    if text or order not in {"", "name", "name asc"}:
        raise unimplemented("filters and orders in this list.")
