"""The signers put together from the settings, with the root in Cloud KMS."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.core.checks import run_checks
from django.test import override_settings

from coditect_license.kms_settings import CloudKms as CloudKmsSetting
from coditect_license_token import (
    RSA_SIGN_PKCS1_4096_SHA256,
    LicenseData,
    Roots,
    open_license_data,
)
from identity.errors import InvalidCredential
from identity.models import TrustedIssuer
from identity.rules import Role
from identity.wiring import bearer_verifier_from_settings, development_issuer_from_settings
from local_kms.faults import Fault
from signing import wiring
from signing.errors import SigningUnavailable, UnsafeKey
from signing.kms_service import THREADS, KMSSigningService, sign_license
from signing.local import LocalSigner
from signing.operations import remember_root
from signing.queries import active_key
from signing.version_name import VersionName
from tests.support.cloud_kms import KEY, SIGN, VIEW, CloudKms
from tests.support.customer import Customer
from tests.support.series import value

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
MEMBERS = {
    "license_key": "TEST-LICENSE-001",
    "session_id": "d9cbb7fa-19cb-47f8-8ce1-52e3747a008d",
    "tier": "enterprise",
    "expires_at": "2026-12-29T01:04:59.214025+00:00",
    "hardware_id": "my-laptop",
    "lease_expires_at": "2025-12-29T04:41:35.407120+00:00",
}


@pytest.fixture
def configured(kms: CloudKms, db: object) -> Iterator[CloudKms]:
    """Settings that name the key, and a process that has opened none."""
    setting = CloudKmsSetting(kms.version, kms.server.address)
    wiring._services.clear()
    with override_settings(LICENSE_SIGNER="kms", LICENSE_CLOUD_KMS=setting):
        yield kms
    wiring._services.clear()


def started_anew() -> None:
    """Be a process that has opened no key yet."""
    wiring._services.clear()


def test_the_first_start_stores_the_public_key_and_where_it_lives(configured: CloudKms) -> None:
    root = wiring.present_root()

    assert isinstance(root.signer, KMSSigningService)
    row = active_key()
    assert row is not None
    assert (row.key_id, row.location) == (root.signer.key_id, f"{KEY}/cryptoKeyVersions/1")


@pytest.mark.parametrize("code", ["UNAVAILABLE", "PERMISSION_DENIED", "FAILED_PRECONDITION"])
def test_a_later_start_needs_no_answer_of_cloud_kms(configured: CloudKms, code: str) -> None:
    known = wiring.present_root().signer.key_id
    started_anew()
    configured.server.faults.set(VIEW, Fault(code=code))

    root = wiring.present_root()

    assert root.signer.key_id == known
    assert root.signer.sign(b"message")


def test_the_first_start_does_need_one(configured: CloudKms) -> None:
    configured.server.faults.set(VIEW, Fault(code="UNAVAILABLE"))

    with pytest.raises(UnsafeKey, match="no public key"):
        wiring.present_root()


def test_the_version_of_the_database_wins_over_that_of_the_settings(
    configured: CloudKms, caplog: pytest.LogCaptureFixture
) -> None:
    first = wiring.present_root().signer.key_id
    started_anew()
    elsewhere = CloudKmsSetting(
        VersionName.parse(f"{KEY}/cryptoKeyVersions/2"), configured.server.address
    )

    with override_settings(LICENSE_CLOUD_KMS=elsewhere):
        root = wiring.present_root()

    assert root.signer.key_id == first
    assert "as the database says" in caplog.text


def test_a_development_key_gives_way_to_the_one_in_cloud_kms(
    configured: CloudKms,
) -> None:
    local = LocalSigner.open(settings.LICENSE_ROOT_KEY_FILE)
    remember_root(local, now=NOON, location=f"file:{settings.LICENSE_ROOT_KEY_FILE.name}")

    root = wiring.present_root()

    assert isinstance(root.signer, KMSSigningService)


def test_a_root_in_cloud_kms_never_gives_way_to_a_file(configured: CloudKms) -> None:
    wiring.present_root()
    started_anew()

    with (
        override_settings(LICENSE_SIGNER="local", LICENSE_CLOUD_KMS=None),
        pytest.raises(UnsafeKey, match="cannot be opened"),
    ):
        wiring.present_root()


def test_one_process_has_one_breaker_for_one_key(configured: CloudKms) -> None:
    assert wiring.present_root().signer is wiring.kms_service_from_settings()


def test_sign_license_is_all_a_caller_of_the_seed_needs(configured: CloudKms) -> None:
    document = sign_license(MEMBERS)

    assert document["signature_algorithm"] == RSA_SIGN_PKCS1_4096_SHA256
    roots = Roots([wiring.kms_service_from_settings().public_key])
    assert open_license_data(document, roots=roots).tier == "enterprise"


def test_sign_license_signs_nothing_where_the_root_is_a_file(db: object) -> None:
    with pytest.raises(UnsafeKey, match="no key of Cloud KMS"):
        sign_license(MEMBERS)


def test_the_worst_breaker_is_what_a_scrape_sees(configured: CloudKms) -> None:
    signer = wiring.present_root().signer
    wiring.gauge_signing(lambda: 77.0)
    assert value("kms_breaker_state") == 0
    configured.server.faults.set(SIGN, Fault(code="NOT_FOUND"))

    for _ in range(3):
        with pytest.raises(SigningUnavailable, match="not_found"):
            signer.sign(b"message")

    assert value("kms_breaker_state") == 2
    assert value("license_delegation_remaining_seconds") == 77


@pytest.mark.usefixtures("db")
class TestProduction:
    def test_the_system_check_refuses_a_local_root(self) -> None:
        with override_settings(EMBEDDED=False, LICENSE_SIGNER="local"):
            assert "signing.E001" in {message.id for message in run_checks()}
        assert "signing.E001" not in {message.id for message in run_checks()}

    def test_a_stored_root_in_a_file_is_not_opened(self) -> None:
        wiring.present_root()

        with override_settings(EMBEDDED=False), pytest.raises(UnsafeKey):
            wiring.present_root()

    def test_the_development_issuer_is_never_believed(self) -> None:
        customer = Customer("alice", seats=1)
        issuer = development_issuer_from_settings()
        issuer.ensure_row()
        token = mint(issuer.mint, customer)
        assert bearer_verifier_from_settings().verify(token).tenant_id == customer.tenant.id

        bearer_verifier_from_settings.cache_clear()  # as in a process that starts anew
        with override_settings(EMBEDDED=False):
            verifier = bearer_verifier_from_settings()
            with pytest.raises(InvalidCredential):
                verifier.verify(token)
            assert "identity.E001" in {m.id for m in run_checks(databases=["default"])}
        assert TrustedIssuer.objects.filter(enabled=True).count() == 1


def mint(minted: Callable[..., str], customer: Customer) -> str:
    return minted(
        tenant_id=customer.tenant.id, subject="somebody", role=Role.OWNER, lifetime_seconds=60
    )


def test_s17_nobody_is_handed_to_a_thread_that_another_call_may_hang_in(
    configured: CloudKms,
) -> None:
    seals = wiring.seals_from_settings(wiring.present_root())
    data = LicenseData(**MEMBERS, signed_at=MEMBERS["expires_at"], key_id=seals.root_key_id)

    async def one_more_than_threads() -> float:
        calls = [asyncio.create_task(seals.license_data(data)) for _ in range(THREADS + 1)]
        await asyncio.sleep(0)  # each has taken its turn, or its place in line
        waits_seconds = seals.root_waits_seconds()
        await asyncio.gather(*calls)
        await seals.stop()
        return waits_seconds

    assert asyncio.run(one_more_than_threads()) > 0
