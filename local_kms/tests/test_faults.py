"""The fault plan: what a test or a person can make go wrong, and that it heals."""

import time
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from google.api_core import exceptions
from google_crc32c import value as crc32c

from local_kms.faults import ALL_RPCS, TAMPERINGS, Fault, FaultPlan, written
from local_kms.server import LocalKms
from local_kms.tests.keys import make_key, make_version, sign_digest

DIGEST = bytes(32)


@pytest.fixture
def version(client: Any, ring: str) -> str:
    return make_version(client, ring)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("UNAVAILABLE", exceptions.ServiceUnavailable),
        ("RESOURCE_EXHAUSTED", exceptions.ResourceExhausted),
        ("INTERNAL", exceptions.InternalServerError),
        ("ABORTED", exceptions.Aborted),
    ],
)
def test_any_status_can_be_had_and_healed(
    server: LocalKms, client: Any, version: str, code: str, error: type[Exception]
) -> None:
    server.faults.set("AsymmetricSign", Fault(code=code))

    with pytest.raises(error):
        sign_digest(client, version, DIGEST)

    server.faults.clear()
    assert sign_digest(client, version, DIGEST).signature


def test_a_call_that_hangs_ends_with_the_callers_deadline(
    server: LocalKms, client: Any, version: str
) -> None:
    server.faults.set("AsymmetricSign", Fault(delay_seconds=3600))
    request = {"name": version, "digest": {"sha256": DIGEST}}

    begun = time.monotonic()
    with pytest.raises(exceptions.DeadlineExceeded):
        client.asymmetric_sign(request=request, retry=None, timeout=0.2)

    assert time.monotonic() - begun < 5


def test_other_rpcs_go_on(server: LocalKms, client: Any, version: str) -> None:
    server.faults.set("AsymmetricSign", Fault(code="UNAVAILABLE"))

    assert client.get_public_key(request={"name": version}).pem

    server.faults.set(ALL_RPCS, Fault(code="INTERNAL"))
    with pytest.raises(exceptions.InternalServerError):
        client.get_public_key(request={"name": version})
    with pytest.raises(exceptions.ServiceUnavailable):
        sign_digest(client, version, DIGEST)


def test_every_second_call_and_a_number_of_times(
    server: LocalKms, client: Any, version: str
) -> None:
    server.faults.set("AsymmetricSign", Fault(code="UNAVAILABLE", every=2, times=2))

    def signs() -> bool:
        try:
            return bool(sign_digest(client, version, DIGEST).signature)
        except exceptions.ServiceUnavailable:
            return False

    assert [signs() for _ in range(6)] == [True, False, True, False, True, True]


def test_an_answer_can_be_lost_after_the_deed(server: LocalKms, client: Any, ring: str) -> None:
    key = make_key(client, ring)
    server.faults.set("CreateCryptoKeyVersion", Fault(code="UNAVAILABLE", after=True))

    with pytest.raises(exceptions.ServiceUnavailable):
        client.create_crypto_key_version(request={"parent": key}, retry=None)

    assert len(list(client.list_crypto_key_versions(request={"parent": key}))) == 2


def checks(client: Any, version: str, answer: Any) -> set[str]:
    """Return which of a careful caller's checks this answer fails."""
    key: Any = load_pem_public_key(client.get_public_key(request={"name": version}).pem.encode())
    failed = set()
    if answer.name != version:
        failed.add("name")
    if not answer.verified_digest_crc32c:
        failed.add("verified")
    if answer.signature_crc32c != crc32c(answer.signature):
        failed.add("checksum")
    try:
        key.verify(answer.signature, b"", ec.ECDSA(SHA256()))
    except InvalidSignature:
        failed.add("signature")
    return failed


@pytest.mark.parametrize(
    ("tamper", "failed"),
    [
        ("signature", {"signature"}),
        ("signature_on_the_way", {"signature", "checksum"}),
        ("signature_crc32c", {"checksum"}),
        ("name", {"name"}),
        ("verified", {"verified"}),
    ],
)
def test_each_tampering_is_seen_by_the_check_it_is_for(
    server: LocalKms, client: Any, version: str, tamper: str, failed: set[str]
) -> None:
    digest = bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    assert checks(client, version, sign_digest(client, version, digest)) == set()
    server.faults.set("AsymmetricSign", Fault(tamper=tamper))

    answer = sign_digest(client, version, digest)

    assert checks(client, version, answer) == failed


def test_a_public_key_can_be_damaged_on_the_way(
    server: LocalKms, client: Any, version: str
) -> None:
    server.faults.set("GetPublicKey", Fault(tamper="pem"))

    answer = client.get_public_key(request={"name": version})

    assert answer.pem_crc32c != crc32c(answer.pem.encode())


def test_a_fault_that_would_do_nothing_is_refused() -> None:
    for wrong in ({"code": "BUSY"}, {"tamper": "everything"}, {"every": 0}):
        with pytest.raises(ValueError, match=r"no status code|one of|at least 1"):
            Fault(**wrong)
    assert set(TAMPERINGS) >= {"signature", "pem"}


def test_a_person_sets_and_heals_faults_in_a_file_while_it_runs(
    server: LocalKms, client: Any, version: str, tmp_path: Path
) -> None:
    file = tmp_path / "kms" / "faults.json"
    file.write_bytes(written({"AsymmetricSign": Fault(code="RESOURCE_EXHAUSTED")}))
    with pytest.raises(exceptions.ResourceExhausted):
        sign_digest(client, version, DIGEST)

    file.unlink()

    assert sign_digest(client, version, DIGEST).signature


@pytest.mark.parametrize("wrong", ["{", "3", '{"AsymmetricSign": {"speed": 3}}'])
def test_a_file_that_cannot_be_read_is_said_and_changes_nothing(
    tmp_path: Path, wrong: str, caplog: pytest.LogCaptureFixture
) -> None:
    plan = FaultPlan(tmp_path / "faults.json")
    plan.set("AsymmetricSign", Fault(code="ABORTED"))

    (tmp_path / "faults.json").write_text(wrong)

    assert plan.next("AsymmetricSign") == Fault(code="ABORTED")
    assert "faults.json" in caplog.text


def test_calls_are_counted_and_noted_as_an_audit_log_has_them(
    server: LocalKms, client: Any, version: str
) -> None:
    server.faults.set("AsymmetricSign", Fault(code="UNAVAILABLE", times=1))
    with pytest.raises(exceptions.ServiceUnavailable):
        sign_digest(client, version, DIGEST)
    sign_digest(client, version, DIGEST)

    assert server.desk.calls("AsymmetricSign") == 2
    noted = [entry for entry in server.desk.entries if entry.rpc == "AsymmetricSign"]
    assert [entry.code for entry in noted] == ["UNAVAILABLE", "OK"]
    assert {entry.resource for entry in noted} == {version}
    assert {entry.caller for entry in noted} == {"owner@vault.iam.gserviceaccount.com"}
