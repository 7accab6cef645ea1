"""The data folder: what a restart keeps, and who can read it."""

import stat
from pathlib import Path
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import kms

from local_kms.algorithms import Algorithm
from local_kms.server import AddressBusy, FolderBusy, LocalKms, running_kms
from local_kms.testing import kms_for_tests
from local_kms.tests.keys import State, set_state, sign_digest

KEY = "projects/vault/locations/global/keyRings/ring/cryptoKeys/key"
VERSION = f"{KEY}/cryptoKeyVersions/1"
DIGEST = bytes(32)


def client_of(server: LocalKms, account: Path) -> Any:
    return kms.KeyManagementServiceClient.from_service_account_file(
        str(account), client_options={"api_endpoint": server.address}
    )


def started(server: LocalKms) -> Any:
    server.ensure_signing_key(KEY, Algorithm.RSA_SIGN_PKCS1_4096_SHA256)
    account = server.service_account("owner", project="vault")
    for role in ("roles/cloudkms.admin", "roles/cloudkms.signerVerifier"):
        server.grant(role, on=KEY, to=account)
    return client_of(server, account)


def test_a_restart_keeps_keys_states_policies_accounts_and_certificate(tmp_path: Path) -> None:
    with kms_for_tests(tmp_path) as server:
        client = started(server)
        before = sign_digest(client, VERSION, DIGEST).signature
        client.create_crypto_key_version(request={"parent": KEY})
        set_state(client, f"{KEY}/cryptoKeyVersions/2", State.DISABLED)

    with kms_for_tests(tmp_path) as server:
        client = started(server)
        again = sign_digest(client, VERSION, DIGEST).signature
        listed = client.list_crypto_key_versions(request={"parent": KEY})
        states = [version.state for version in listed]

    assert again == before
    assert states == [State.ENABLED, State.DISABLED]


def test_a_client_outlives_a_restart_on_the_same_port(tmp_path: Path) -> None:
    with kms_for_tests(tmp_path) as server:
        client = started(server)
        port = int(server.address.rpartition(":")[2])
        sign_digest(client, VERSION, DIGEST)
    with pytest.raises(exceptions.ServiceUnavailable):
        sign_digest(client, VERSION, DIGEST)

    with kms_for_tests(tmp_path, port=port):
        answer = client.asymmetric_sign(
            request={"name": VERSION, "digest": {"sha256": DIGEST}}, timeout=20
        )

    assert answer.name == VERSION


def test_a_folder_of_its_own_has_its_own_certificate_and_keeps_it(tmp_path: Path) -> None:
    with running_kms(tmp_path) as first:
        shown = first.certificate.certificate_pem
    with running_kms(tmp_path) as second:
        assert second.certificate.certificate_pem == shown
        assert second.certificate.file == tmp_path / "ca.pem"


def test_nobody_else_can_read_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "kms"
    with running_kms(folder) as server:
        server.ensure_signing_key(KEY, Algorithm.EC_SIGN_P256_SHA256)
        server.service_account("owner", project="vault")

    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.is_file()}

    assert modes == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_taken_port_is_said(tmp_path: Path) -> None:
    with kms_for_tests(tmp_path / "one") as server:
        port = int(server.address.rpartition(":")[2])
        with (
            pytest.raises(AddressBusy, match=str(port)),
            kms_for_tests(tmp_path / "two", port=port),
        ):
            pass


def test_a_folder_has_one_server_at_a_time(tmp_path: Path) -> None:
    with (
        kms_for_tests(tmp_path),
        pytest.raises(FolderBusy, match="another local KMS"),
        kms_for_tests(tmp_path),
    ):
        pass
