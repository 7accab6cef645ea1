"""Keys as the tests ask for them."""

from typing import Any

from google.cloud import kms
from google_crc32c import value as crc32c

Algorithm: Any = kms.CryptoKeyVersion.CryptoKeyVersionAlgorithm
State: Any = kms.CryptoKeyVersion.CryptoKeyVersionState
Purpose: Any = kms.CryptoKey.CryptoKeyPurpose
RSA: Any = Algorithm.RSA_SIGN_PKCS1_4096_SHA256
P256: Any = Algorithm.EC_SIGN_P256_SHA256


def signing(algorithm: Any, **more: Any) -> dict[str, Any]:
    """Describe a key that signs."""
    template = {"algorithm": algorithm}
    return {"purpose": Purpose.ASYMMETRIC_SIGN, "version_template": template, **more}


def make_key(client: Any, ring: str, algorithm: Any = P256, **more: Any) -> str:
    """Make a key with one version and return its name."""
    request = {
        "parent": ring,
        "crypto_key_id": Algorithm(algorithm).name,
        "crypto_key": signing(algorithm, **more),
    }
    return str(client.create_crypto_key(request=request).name)


def make_version(client: Any, ring: str, algorithm: Any = P256) -> str:
    """Make a key and return the name of its version 1."""
    return f"{make_key(client, ring, algorithm)}/cryptoKeyVersions/1"


def sign_digest(client: Any, version: str, digest: bytes, field: str = "sha256") -> Any:
    """Sign a digest as a careful caller does, with its checksum."""
    return client.asymmetric_sign(
        request={
            "name": version,
            "digest": {field: digest},
            "digest_crc32c": crc32c(digest),
        },
        retry=None,
        timeout=10,
    )


def set_state(client: Any, version: str, state: Any) -> Any:
    """Enable or disable a version."""
    changed = {"name": version, "state": state}
    return client.update_crypto_key_version(
        request={"crypto_key_version": changed, "update_mask": {"paths": ["state"]}}
    )


def reasons(error: Any) -> list[str]:
    """Return the machine-readable reasons in a refusal."""
    return [violation.type for detail in error.details for violation in detail.violations]
