"""How a server comes to know its key in Cloud KMS, and what it starts with when it cannot."""

import logging

import pytest

from coditect_license_token import Algorithm, PublicKey
from local_kms.algorithms import Algorithm as KmsAlgorithm
from local_kms.faults import Fault
from signing.errors import SigningUnavailable, UnsafeKey
from signing.kms_service import KMSSigningService
from signing.version_name import VersionName
from tests.support.cloud_kms import KEY, ROLE, VIEW, CloudKms, HandTime
from tests.support.relay import Relay

MESSAGE = b"what is to be signed"


@pytest.fixture
def stored(kms: CloudKms) -> PublicKey:
    """What we kept of the key when all was well."""
    return kms.signer().public_key


def version_of(kms: CloudKms, algorithm: int) -> VersionName:
    """Make another key, of another algorithm, that the account may use."""
    key = kms.server.ensure_signing_key(f"{KEY}-{algorithm}", algorithm)
    kms.server.grant(ROLE, on=key, to=kms.account)
    return VersionName.parse(f"{key}/cryptoKeyVersions/1")


def test_the_key_is_an_rs256_root(kms: CloudKms) -> None:
    signer = kms.signer()

    assert signer.algorithm is Algorithm.RS256
    assert signer.version == kms.version
    assert signer.get_public_key().startswith("-----BEGIN PUBLIC KEY-----")


@pytest.mark.parametrize(
    "algorithm",
    [
        KmsAlgorithm.RSA_SIGN_PKCS1_4096_SHA512,
        KmsAlgorithm.RSA_SIGN_PSS_4096_SHA256,
        KmsAlgorithm.RSA_SIGN_PKCS1_3072_SHA256,
        KmsAlgorithm.EC_SIGN_P256_SHA256,
    ],
)
def test_a_key_of_another_algorithm_refuses_to_start_and_says_what_it_found(
    kms: CloudKms, stored: PublicKey, algorithm: KmsAlgorithm
) -> None:
    version = version_of(kms, algorithm)

    with pytest.raises(UnsafeKey) as refusal:
        kms.signer(version=version, stored=stored)

    assert str(refusal.value) == f"{version} is {algorithm.name}, not RSA_SIGN_PKCS1_4096_SHA256"


def test_a_public_key_damaged_on_the_way_is_asked_for_again(
    kms: CloudKms, stored: PublicKey
) -> None:
    kms.server.faults.set(VIEW, Fault(tamper="pem", times=1))

    assert kms.signer().public_key == stored


@pytest.mark.parametrize(
    "fault",
    [
        Fault(code="UNAVAILABLE"),
        Fault(code="RESOURCE_EXHAUSTED"),
        Fault(code="PERMISSION_DENIED"),
        Fault(code="FAILED_PRECONDITION"),
        Fault(code="UNAUTHENTICATED"),
        Fault(tamper="pem"),
        Fault(tamper="name"),
    ],
    ids=lambda fault: fault.code or fault.tamper,
)
def test_what_is_not_shown_is_taken_from_the_store_and_without_one_nothing_starts(
    kms: CloudKms, stored: PublicKey, caplog: pytest.LogCaptureFixture, fault: Fault
) -> None:
    kms.server.faults.set(VIEW, fault)

    with pytest.raises(UnsafeKey, match="no public key"):
        kms.signer()
    with caplog.at_level(logging.ERROR, logger="signing"):
        signer = kms.signer(stored=stored)

    assert signer.public_key == stored
    assert f"signing under the stored public key {stored.key_id}" in caplog.text
    stored.verify(MESSAGE, signer.sign(MESSAGE))


@pytest.mark.parametrize("code", ["NOT_FOUND", "INVALID_ARGUMENT"])
def test_a_name_that_is_wrong_refuses_to_start_whatever_is_stored(
    kms: CloudKms, stored: PublicKey, code: str
) -> None:
    kms.server.faults.set(VIEW, Fault(code=code))

    with pytest.raises(UnsafeKey, match=f"no public key of {kms.version}: {code.lower()}"):
        kms.signer(stored=stored)


def test_a_version_that_does_not_exist_refuses_to_start(kms: CloudKms, stored: PublicKey) -> None:
    kms.server.grant("roles/cloudkms.viewer", on=KEY, to=kms.account)
    version = VersionName.parse(f"{KEY}/cryptoKeyVersions/7")

    with pytest.raises(UnsafeKey, match="not_found"):
        kms.signer(version=version, stored=stored)


def test_signer_alone_cannot_read_the_public_key_and_the_message_says_so(
    kms: CloudKms, stored: PublicKey
) -> None:
    kms.server.withdraw(ROLE, on=KEY, of=kms.account)
    kms.server.grant("roles/cloudkms.signer", on=KEY, to=kms.account)

    with pytest.raises(UnsafeKey) as refusal:
        kms.signer()

    for word in (
        "lacks cloudkms.cryptoKeyVersions.viewPublicKey",
        f"grant {ROLE} on the key {KEY}",
        "roles/cloudkms.signer alone cannot read the public key",
    ):
        assert word in str(refusal.value)
    assert kms.signer(stored=stored).sign(MESSAGE)


def test_an_account_without_any_role_is_told_which_is_missing(kms: CloudKms) -> None:
    """The seed's second outage, in which the message named a project and no role."""
    kms.server.withdraw(ROLE, on=KEY, of=kms.account)

    with pytest.raises(UnsafeKey, match=f"grant {ROLE} on the key {KEY}"):
        kms.signer()


def test_a_pending_version_starts_with_what_is_stored_and_signs_once_it_is_generated(
    kms: CloudKms, stored: PublicKey
) -> None:
    kms.server.faults.set(VIEW, Fault(code="FAILED_PRECONDITION", message="PENDING_GENERATION"))
    kms.server.faults.set("AsymmetricSign", Fault(code="FAILED_PRECONDITION", times=1))
    signer = kms.signer(stored=stored)

    with pytest.raises(SigningUnavailable) as refusal:
        signer.sign(MESSAGE)

    assert refusal.value.reason == "failed_precondition"
    assert signer.sign(MESSAGE)


def test_s16_under_a_stored_key_of_another_version_nothing_is_ever_signed(
    kms: CloudKms, unhurt_kms: CloudKms
) -> None:
    """The store is wrong, or the key was exchanged: what does not verify does not leave."""
    version = version_of(kms, KmsAlgorithm.RSA_SIGN_PKCS1_4096_SHA256)
    other = kms.signer(version=version).public_key
    kms.server.faults.set(VIEW, Fault(code="UNAVAILABLE"))
    signer = kms.signer(stored=other)

    with pytest.raises(SigningUnavailable) as refusal:
        signer.sign(MESSAGE)

    assert refusal.value.reason == "signature_wrong"


def test_credentials_that_cannot_be_found_start_with_what_is_stored(
    kms: CloudKms, stored: PublicKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/account.json")

    with pytest.raises(UnsafeKey, match="no_credentials"):
        kms.signer()
    signer = kms.signer(stored=stored)
    with pytest.raises(SigningUnavailable):
        signer.sign(MESSAGE)

    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(kms.account))
    assert signer.sign(MESSAGE)


def test_a_connection_that_fell_silent_is_left_for_another(
    kms: CloudKms, stored: PublicKey
) -> None:
    """No packet says that a network is gone; TCP alone would try for a quarter of an hour."""
    hand = HandTime()
    with Relay(kms.server.address) as relay:
        signer = KMSSigningService(kms.version, stored, endpoint=relay.address, time=hand.as_time())
        assert signer.sign(MESSAGE)
        relay.fall_silent()
        with pytest.raises(SigningUnavailable):
            signer.sign(MESSAGE)

        assert signer.sign(MESSAGE)
        assert relay.accepted == 2
