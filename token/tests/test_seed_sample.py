"""The first published answer of acquire: its shape, and the right and wrong ways to verify it."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from coditect_license_token import LicenseData, MalformedDocument, Roots, open_license_data
from coditect_license_token.testing import InMemorySigner

SAMPLE: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "seed-sample.json").read_text(encoding="ascii")
)["license_data"]
LATER_MEMBERS = {"hardware_id", "key_id", "lease_expires_at"}


@pytest.fixture
def message(license_data: LicenseData) -> bytes:
    return license_data.signed_bytes()


@pytest.fixture
def public_key(root: InMemorySigner) -> rsa.RSAPublicKey:
    key = load_pem_public_key(root.public_key.pem().encode())
    assert isinstance(key, rsa.RSAPublicKey)
    return key


def test_every_member_of_the_sample_is_still_there(
    license_data: LicenseData, root: InMemorySigner, message: bytes
) -> None:
    document = license_data.with_signature(root.sign(message))
    assert set(document) - set(SAMPLE) == LATER_MEMBERS
    assert set(SAMPLE) <= set(document)


def test_the_samples_own_values_are_of_todays_shape(root: InMemorySigner) -> None:
    signed = {name: SAMPLE[name] for name in SAMPLE if not name.startswith("signature")}
    data = LicenseData(
        **signed, hardware_id="h", lease_expires_at=SAMPLE["signed_at"], key_id=root.key_id
    )
    whole = data.with_signature(root.sign(data.signed_bytes()))
    assert {name: whole[name] for name in signed} == signed
    assert whole["signature_algorithm"] == SAMPLE["signature_algorithm"]


def test_the_canonicalisation_is_the_published_one(
    license_data: LicenseData, message: bytes, root: InMemorySigner
) -> None:
    document = license_data.with_signature(root.sign(message))
    signed = {name: document[name] for name in document if not name.startswith("signature")}
    assert message == json.dumps(signed, sort_keys=True, separators=(",", ":")).encode("utf-8")


def test_the_sample_itself_is_refused(roots: Roots) -> None:
    with pytest.raises(MalformedDocument, match="members missing"):
        open_license_data(SAMPLE, roots=roots)


def test_right_the_message_with_sha256(
    public_key: rsa.RSAPublicKey, root: InMemorySigner, message: bytes
) -> None:
    public_key.verify(root.sign(message), message, padding.PKCS1v15(), hashes.SHA256())


def test_right_the_digest_with_prehashed(
    public_key: rsa.RSAPublicKey, root: InMemorySigner, message: bytes
) -> None:
    digest = hashlib.sha256(message).digest()
    prehashed = utils.Prehashed(hashes.SHA256())
    public_key.verify(root.sign(message), digest, padding.PKCS1v15(), prehashed)


def test_wrong_the_digest_with_sha256_as_first_published(
    public_key: rsa.RSAPublicKey, root: InMemorySigner, message: bytes
) -> None:
    digest = hashlib.sha256(message).digest()
    with pytest.raises(InvalidSignature):
        public_key.verify(root.sign(message), digest, padding.PKCS1v15(), hashes.SHA256())
