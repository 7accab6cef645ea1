"""AsymmetricSign: what Google's contract tests assert of Cloud KMS, asked of the local one.

Source: GoogleCloudPlatform/kms-integrations, fakekms/contract, whose tests also run against the
real service.
"""

import asyncio
import hashlib
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from google.api_core import exceptions
from google.cloud import kms
from google_crc32c import value as crc32c

from local_kms.server import LocalKms
from local_kms.tests.keys import (
    P256,
    RSA,
    Algorithm,
    Purpose,
    State,
    make_version,
    reasons,
    set_state,
    sign_digest,
)

MESSAGE = b"here is some data to authenticate"
DIGEST = hashlib.sha256(MESSAGE).digest()


def public_key(client: Any, version: str) -> Any:
    return load_pem_public_key(client.get_public_key(request={"name": version}).pem.encode())


def test_rsa_4096_signature_verifies_and_the_answer_is_whole(client: Any, ring: str) -> None:
    version = make_version(client, ring, RSA)

    answer = sign_digest(client, version, DIGEST)

    key = public_key(client, version)
    key.verify(answer.signature, MESSAGE, padding.PKCS1v15(), SHA256())
    assert len(answer.signature) == 512
    assert answer.signature_crc32c == crc32c(answer.signature)
    assert answer.name == version
    assert answer.verified_digest_crc32c is True
    assert answer.verified_data_crc32c is False
    assert answer.protection_level == kms.ProtectionLevel.SOFTWARE


def test_the_digest_is_not_hashed_again(client: Any, ring: str) -> None:
    version = make_version(client, ring, RSA)

    signature = sign_digest(client, version, DIGEST).signature

    prehashed = utils.Prehashed(SHA256())
    public_key(client, version).verify(signature, DIGEST, padding.PKCS1v15(), prehashed)


def test_data_and_its_digest_get_the_same_pkcs1_signature(client: Any, ring: str) -> None:
    version = make_version(client, ring, RSA)

    of_data = client.asymmetric_sign(
        request={"name": version, "data": MESSAGE, "data_crc32c": crc32c(MESSAGE)}
    )

    assert of_data.signature == sign_digest(client, version, DIGEST).signature
    assert of_data.verified_data_crc32c is True
    assert of_data.verified_digest_crc32c is False


def test_pss_uses_a_salt_as_long_as_the_digest(client: Any, ring: str) -> None:
    version = make_version(client, ring, Algorithm.RSA_SIGN_PSS_4096_SHA512)

    answer = sign_digest(client, version, hashlib.sha512(MESSAGE).digest(), "sha512")

    scheme = padding.PSS(padding.MGF1(SHA512()), salt_length=64)
    public_key(client, version).verify(answer.signature, MESSAGE, scheme, SHA512())


@pytest.mark.parametrize(
    ("algorithm", "field", "hashing"),
    [(P256, "sha256", SHA256()), (Algorithm.EC_SIGN_P384_SHA384, "sha384", SHA384())],
)
def test_ecdsa_signature_verifies(
    client: Any, ring: str, algorithm: Any, field: str, hashing: Any
) -> None:
    version = make_version(client, ring, algorithm)

    answer = sign_digest(client, version, hashlib.new(field, MESSAGE).digest(), field)

    public_key(client, version).verify(answer.signature, MESSAGE, ec.ECDSA(hashing))


def test_ed25519_signs_data_and_refuses_a_digest(client: Any, ring: str) -> None:
    version = make_version(client, ring, Algorithm.EC_SIGN_ED25519)

    answer = client.asymmetric_sign(request={"name": version, "data": MESSAGE})

    public_key(client, version).verify(answer.signature, MESSAGE)
    with pytest.raises(exceptions.InvalidArgument):
        sign_digest(client, version, DIGEST)


def test_without_a_checksum_nothing_is_called_verified(client: Any, ring: str) -> None:
    version = make_version(client, ring)

    answer = client.asymmetric_sign(request={"name": version, "digest": {"sha256": DIGEST}})

    assert answer.verified_digest_crc32c is False


@pytest.mark.parametrize(
    "wrong",
    [
        {"digest": {"sha256": DIGEST}, "digest_crc32c": crc32c(DIGEST) ^ 1},
        {"digest": {"sha256": DIGEST}, "digest_crc32c": 0},
        {"data": MESSAGE, "data_crc32c": crc32c(MESSAGE) ^ 1},
        {"digest": {"sha256": DIGEST}, "data": MESSAGE},
        {"digest": {"sha256": DIGEST}, "data_crc32c": crc32c(MESSAGE)},
        {"digest": {"sha384": hashlib.sha384(MESSAGE).digest()}},
        {"digest": {"sha256": DIGEST[:-1]}},
        # The client takes text for base64: 64 hexadecimal digits become 48 bytes.
        {"digest": {"sha256": DIGEST.hex()}},
        {"data": bytes(65_537)},
        {},
    ],
    ids=[
        "digest checksum",
        "checksum zero",
        "data checksum",
        "both",
        "stray checksum",
        "wrong kind of digest",
        "short digest",
        "hexadecimal digest",
        "too long",
        "neither",
    ],
)
def test_a_wrong_request_is_an_invalid_argument(
    client: Any, ring: str, wrong: dict[str, Any]
) -> None:
    version = make_version(client, ring)

    with pytest.raises(exceptions.InvalidArgument):
        client.asymmetric_sign(request={"name": version, **wrong})


@pytest.mark.parametrize(
    "name",
    [
        "malformed name",
        "projects/vault/locations/us-central1/keyRings/ring/cryptoKeys/key",
        "projects/vault/locations/us-central1/keyRings/../cryptoKeys/k/cryptoKeyVersions/1",
        "projects/vault/locations/us-central1/keyRings/r/cryptoKeys/k/cryptoKeyVersions/0",
    ],
)
def test_a_malformed_name_is_an_invalid_argument(client: Any, name: str) -> None:
    with pytest.raises(exceptions.InvalidArgument):
        sign_digest(client, name, DIGEST)


def test_an_unknown_version_is_not_found(client: Any, ring: str) -> None:
    version = make_version(client, ring)

    with pytest.raises(exceptions.NotFound):
        sign_digest(client, version.removesuffix("1") + "2", DIGEST)


def test_a_key_of_another_purpose_is_a_failed_precondition(client: Any, ring: str) -> None:
    key = client.create_crypto_key(
        request={
            "parent": ring,
            "crypto_key_id": "secret",
            "crypto_key": {"purpose": Purpose.ENCRYPT_DECRYPT},
        }
    )

    with pytest.raises(exceptions.FailedPrecondition):
        sign_digest(client, f"{key.name}/cryptoKeyVersions/1", DIGEST)


def test_a_disabled_version_is_refused_even_before_the_request_is_read(
    client: Any, ring: str
) -> None:
    version = make_version(client, ring)
    set_state(client, version, State.DISABLED)

    with pytest.raises(exceptions.FailedPrecondition, match="current state is: DISABLED") as told:
        client.asymmetric_sign(request={"name": version})

    assert reasons(told.value) == ["KEY_DISABLED"]


def test_the_asynchronous_client_signs_as_well(
    server: LocalKms, client: Any, ring: str, owner: Path
) -> None:
    version = make_version(client, ring, RSA)

    async def sign_many() -> list[bytes]:
        quick = kms.KeyManagementServiceAsyncClient.from_service_account_file(
            str(owner), client_options={"api_endpoint": server.address}
        )
        calls = [sign_digest(quick, version, DIGEST) for _ in range(20)]
        answers = await asyncio.gather(*calls)
        await quick.transport.close()
        return [bytes(answer.signature) for answer in answers]

    signatures = asyncio.run(sign_many())

    assert set(signatures) == {sign_digest(client, version, DIGEST).signature}
