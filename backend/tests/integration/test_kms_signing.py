"""Signing with Cloud KMS: Google's own client, over TLS, and a KMS that misbehaves on request."""

import logging
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from coditect_license_token import (
    RSA_SIGN_PKCS1_4096_SHA256,
    MalformedDocument,
    PublicKey,
    Roots,
    open_license_data,
)
from local_kms.faults import TAMPERINGS, Fault
from signing.errors import OutsideMandate, SigningUnavailable
from signing.kms_service import SIGNING, KMSSigningService
from signing.rules import OPEN_SECONDS, BreakerState
from tests.support.cloud_kms import ACCOUNT, KEY, ROLE, SIGN, CloudKms, HandTime
from tests.support.series import value

MESSAGE = b"what is to be signed"
MOST_SECONDS = 1.0
TAMPERINGS_OF_SIGNATURES = sorted(set(TAMPERINGS) - {"pem"})
REASON_OF = {
    "signature": "signature_wrong",
    "signature_on_the_way": "signature_damaged",
    "signature_crc32c": "signature_damaged",
    "name": "another_key",
    "verified": "digest_not_verified",
}
SEED_MEMBERS = {
    "license_key": "TEST-LICENSE-001",
    "session_id": "d9cbb7fa-19cb-47f8-8ce1-52e3747a008d",
    "tier": "enterprise",
    "expires_at": "2026-12-29T01:04:59.214025+00:00",
}
MEMBERS = SEED_MEMBERS | {
    "hardware_id": "my-laptop",
    "lease_expires_at": "2025-12-29T04:41:35.407120+00:00",
}


@pytest.fixture
def hand() -> HandTime:
    return HandTime()


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def counted(reason: str) -> float:
    return value(f'kms_sign_errors_total{{reason="{reason}"}}')


class TestTheSeedsInterface:
    def test_license_data_comes_back_signed_and_verifies_offline(self, kms: CloudKms) -> None:
        signer = kms.signer()

        document = signer.sign_license_data(MEMBERS)

        assert document.items() >= MEMBERS.items()
        assert document["signature_algorithm"] == RSA_SIGN_PKCS1_4096_SHA256
        assert len(document["signature"]) == 684
        root = PublicKey.from_pem(signer.get_public_key())
        assert document["key_id"] == root.key_id
        assert open_license_data(document, roots=Roots([root])).hardware_id == "my-laptop"

    def test_what_is_given_is_signed_as_it_is_given(self, kms: CloudKms) -> None:
        signer = kms.signer()
        given = MEMBERS | {
            "signed_at": "2025-12-29T04:35:35.407120+00:00",
            "key_id": signer.key_id,
        }

        assert signer.sign_license_data(given).items() >= given.items()

    @pytest.mark.parametrize(
        "members",
        [
            SEED_MEMBERS,
            MEMBERS | {"unknown": "member"},
            MEMBERS | {"signature": "AAAA"},
            MEMBERS | {"expires_at": "next year"},
            MEMBERS | {"tier": ""},
        ],
        ids=["missing", "unknown", "signed already", "no time", "empty"],
    )
    def test_what_is_no_license_data_is_not_signed(
        self, kms: CloudKms, members: dict[str, str]
    ) -> None:
        with pytest.raises(MalformedDocument):
            kms.signer().sign_license_data(members)

        assert kms.codes() == []

    def test_data_that_names_another_key_is_not_signed(self, kms: CloudKms) -> None:
        with pytest.raises(OutsideMandate):
            kms.signer().sign_license_data(MEMBERS | {"key_id": "A" * 43})

        assert kms.codes() == []

    def test_s16_while_cloud_kms_is_away_nothing_comes_back(self, kms: CloudKms) -> None:
        signer = kms.signer()
        kms.server.faults.set(SIGN, Fault(code="UNAVAILABLE"))

        with pytest.raises(SigningUnavailable):
            signer.sign_license_data(MEMBERS)


class TestIntegrity:
    def test_the_corruption_list_is_whole(self) -> None:
        assert set(REASON_OF) == set(TAMPERINGS_OF_SIGNATURES)

    @pytest.mark.parametrize("tampering", TAMPERINGS_OF_SIGNATURES)
    def test_s16_a_tampered_answer_is_never_returned(
        self, kms: CloudKms, hand: HandTime, tampering: str
    ) -> None:
        signer = kms.signer_in(hand.as_time())
        kms.server.faults.set(SIGN, Fault(tamper=tampering))
        reason = REASON_OF[tampering]
        before = counted(reason)

        with pytest.raises(SigningUnavailable) as refusal:
            signer.sign(MESSAGE)

        assert refusal.value.reason == reason
        assert len(kms.codes()) == SIGNING.attempts
        assert counted(reason) == before + SIGNING.attempts

    @pytest.mark.parametrize("tampering", TAMPERINGS_OF_SIGNATURES)
    def test_an_answer_tampered_with_once_is_asked_for_again(
        self, kms: CloudKms, hand: HandTime, tampering: str
    ) -> None:
        signer = kms.signer_in(hand.as_time())
        kms.server.faults.set(SIGN, Fault(tamper=tampering, times=1))

        signer.public_key.verify(MESSAGE, signer.sign(MESSAGE))

        assert len(kms.codes()) == 2


class TestAttempts:
    @pytest.mark.parametrize(
        "code",
        ["UNAVAILABLE", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "ABORTED", "INTERNAL"],
    )
    def test_what_may_pass_is_tried_three_times(
        self, kms: CloudKms, hand: HandTime, code: str
    ) -> None:
        signer = kms.signer_in(hand.as_time())
        kms.server.faults.set(SIGN, Fault(code=code, times=2))

        assert signer.sign(MESSAGE)
        assert kms.codes() == [code, code, "OK"]
        assert hand.pauses == pytest.approx([0, 0.0375, 0.075])

        kms.server.faults.set(SIGN, Fault(code=code))
        with pytest.raises(SigningUnavailable) as refusal:
            signer.sign(MESSAGE)
        assert refusal.value.reason == code.lower()
        assert kms.codes()[3:] == [code] * 3

    @pytest.mark.parametrize(
        "code",
        [
            "PERMISSION_DENIED",
            "FAILED_PRECONDITION",
            "NOT_FOUND",
            "INVALID_ARGUMENT",
            "UNAUTHENTICATED",
        ],
    )
    def test_what_a_person_must_change_is_tried_once(
        self, kms: CloudKms, hand: HandTime, code: str
    ) -> None:
        signer = kms.signer_in(hand.as_time())
        kms.server.faults.set(SIGN, Fault(code=code))

        with pytest.raises(SigningUnavailable) as refusal:
            signer.sign(MESSAGE)

        assert refusal.value.reason == code.lower()
        assert kms.codes() == [code]
        assert hand.pauses == [0]

    @pytest.mark.alone
    def test_a_call_that_hangs_is_given_up_within_a_second(self, kms: CloudKms) -> None:
        """With the client's own defaults it would be a minute."""
        signer = kms.signer()
        kms.server.faults.set(SIGN, Fault(delay_seconds=30))

        began_at = time.monotonic()
        with pytest.raises(SigningUnavailable) as refusal:
            signer.sign(MESSAGE)
        took = time.monotonic() - began_at

        print(f"\na hanging Cloud KMS: given up after {took:.2f} s")  # noqa: T201
        assert refusal.value.reason == "deadline_exceeded"
        assert 0.7 < took < MOST_SECONDS

    @pytest.mark.alone
    def test_a_server_that_is_gone_is_given_up_within_a_second(self, kms: CloudKms) -> None:
        public_key = kms.signer().public_key
        signer = KMSSigningService(kms.version, public_key, endpoint=f"127.0.0.1:{closed_port()}")

        began_at = time.monotonic()
        with pytest.raises(SigningUnavailable):
            signer.sign(MESSAGE)

        assert time.monotonic() - began_at < MOST_SECONDS


class TestBreaker:
    @pytest.mark.alone
    def test_after_three_failed_calls_nobody_waits_and_nobody_asks(
        self, kms: CloudKms, hand: HandTime
    ) -> None:
        signer = kms.signer_in(hand.as_time())
        kms.server.faults.set(SIGN, Fault(code="NOT_FOUND"))
        before = counted("breaker_open")
        for _ in range(3):
            with pytest.raises(SigningUnavailable):
                signer.sign(MESSAGE)

        began_at = time.monotonic()
        for _ in range(1_000):
            with pytest.raises(SigningUnavailable) as refusal:
                signer.sign(MESSAGE)
        each_us = (time.monotonic() - began_at) * 1_000

        print(f"\nopen breaker: {each_us:.0f} µs a call")  # noqa: T201  a figure for the documents
        assert signer.breaker_state is BreakerState.OPEN
        assert refusal.value.retry_after_seconds == OPEN_SECONDS
        assert each_us < 5_000
        assert len(kms.codes()) == 3
        assert counted("breaker_open") == before + 1_000

    def test_one_call_finds_out_whether_it_is_over(self, kms: CloudKms, hand: HandTime) -> None:
        signer = kms.signer_in(hand.as_time())
        kms.server.faults.set(SIGN, Fault(code="NOT_FOUND", times=4))
        for _ in range(3):
            with pytest.raises(SigningUnavailable):
                signer.sign(MESSAGE)

        hand.seconds += OPEN_SECONDS
        for _ in range(2):
            with pytest.raises(SigningUnavailable):
                signer.sign(MESSAGE)
        assert len(kms.codes()) == 4

        hand.seconds += OPEN_SECONDS
        assert signer.sign(MESSAGE)
        assert signer.breaker_state is BreakerState.CLOSED

    def test_of_many_threads_one_alone_probes(self, kms: CloudKms, hand: HandTime) -> None:
        signer = kms.signer_in(hand.as_time())
        kms.server.faults.set(SIGN, Fault(code="NOT_FOUND"))
        for _ in range(3):
            with pytest.raises(SigningUnavailable):
                signer.sign(MESSAGE)
        hand.seconds += OPEN_SECONDS
        together = Barrier(16)

        def ask(_: int) -> str:
            together.wait(20)
            with pytest.raises(SigningUnavailable) as refusal:
                signer.sign(MESSAGE)
            return refusal.value.reason

        with ThreadPoolExecutor(16) as pool:
            reasons = sorted(pool.map(ask, range(16)))

        assert reasons == ["breaker_open"] * 15 + ["not_found"]
        assert len(kms.codes()) == 4


class TestPermissions:
    def test_a_role_that_is_missing_is_named_with_key_and_caller(
        self, kms: CloudKms, hand: HandTime
    ) -> None:
        signer = kms.signer_in(hand.as_time())
        kms.server.withdraw(ROLE, on=KEY, of=kms.account)

        with pytest.raises(SigningUnavailable) as refusal:
            signer.sign(MESSAGE)

        said = str(refusal.value)
        for word in (
            "cloudkms.cryptoKeyVersions.useToSign",
            f"grant {ROLE} on the key {KEY}",
            f"serviceAccount:{ACCOUNT}",
            "in the project coditect-cloud-infra",
            "--keyring=coditect-license-keys",
        ):
            assert word in said
        assert kms.codes() == ["PERMISSION_DENIED"]

    def test_a_role_granted_again_is_felt_by_the_next_call(
        self, kms: CloudKms, hand: HandTime
    ) -> None:
        signer = kms.signer_in(hand.as_time())
        kms.server.withdraw(ROLE, on=KEY, of=kms.account)
        with pytest.raises(SigningUnavailable):
            signer.sign(MESSAGE)

        kms.server.grant("roles/cloudkms.signer", on=KEY, to=kms.account)

        assert signer.sign(MESSAGE)

    def test_no_secret_of_the_account_is_in_the_log(
        self, kms: CloudKms, hand: HandTime, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.DEBUG):
            signer = kms.signer_in(hand.as_time())
            signer.sign(MESSAGE)
            kms.server.withdraw(ROLE, on=KEY, of=kms.account)
            for _ in range(3):
                with pytest.raises(SigningUnavailable):
                    signer.sign(MESSAGE)

        assert "the breaker opens" in caplog.text
        assert "PRIVATE KEY" not in caplog.text
        assert "Bearer" not in caplog.text
