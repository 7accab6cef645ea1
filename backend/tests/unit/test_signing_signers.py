"""Every signer passes one suite; the local one also keeps its file safe.

What only Cloud KMS can do wrong is in test_kms_signing.py and test_kms_start.py."""

import logging
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from time import perf_counter

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPrivateNumbers
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from coditect_license_token import Algorithm, BadSignature, PublicKey
from signing.checkpoint_key import CheckpointKey
from signing.delegation import MemorySigner
from signing.errors import UnsafeKey
from signing.local import LocalSigner
from signing.signer import Signer
from tests.support.cloud_kms import CloudKms


@pytest.fixture(scope="session")
def root_key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.getbasetemp() / "signing-root-key.pem"
    LocalSigner.open(path)
    return path


@pytest.fixture(scope="session", params=["local", "kms", "memory", "checkpoint"])
def signer(request: pytest.FixtureRequest) -> Signer:
    """Each signer there is. A further one is a file in signing/ and a line here."""
    if request.param == "local":
        return LocalSigner.open(request.getfixturevalue("root_key_file"))
    if request.param == "kms":
        kms: CloudKms = request.getfixturevalue("unhurt_kms")
        return kms.signer()
    if request.param == "checkpoint":
        folder = request.getfixturevalue("root_key_file").parent
        return CheckpointKey.open(folder / "checkpoint-key.pem")
    return MemorySigner()


def pem_of(key: RSAPrivateKey | Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def private_file(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    path.chmod(0o600)
    return path


class TestEverySigner:
    def test_names_its_key_by_the_thumbprint_of_the_public_half(self, signer: Signer) -> None:
        assert signer.key_id == PublicKey.from_jwk(signer.public_key.jwk()).key_id
        assert signer.algorithm is signer.public_key.algorithm

    def test_signs_what_its_public_key_verifies(self, signer: Signer) -> None:
        signer.public_key.verify(b"message", signer.sign(b"message"))

    def test_signs_an_empty_and_a_large_message(self, signer: Signer) -> None:
        for message in (b"", b"m" * 100_000):
            signer.public_key.verify(message, signer.sign(message))

    def test_does_not_sign_for_another_message(self, signer: Signer) -> None:
        with pytest.raises(BadSignature):
            signer.public_key.verify(b"another", signer.sign(b"message"))

    def test_makes_signatures_of_its_algorithms_length(self, signer: Signer) -> None:
        assert len(signer.sign(b"message")) == signer.algorithm.signature_bytes

    def test_signs_for_many_threads_at_once(self, signer: Signer) -> None:
        messages = [f"message {number}".encode() for number in range(40)]
        with ThreadPoolExecutor(8) as pool:
            signatures = list(pool.map(signer.sign, messages))
        for message, signature in zip(messages, signatures, strict=True):
            signer.public_key.verify(message, signature)

    def test_gives_its_public_half_in_no_time(self, signer: Signer) -> None:
        """From memory: it is asked on the event loop."""
        began_at = perf_counter()
        for _ in range(1_000):
            assert signer.public_key.key_id == signer.key_id

        assert perf_counter() - began_at < 1.0


class TestTheLocalSigner:
    def test_is_an_rs256_root_marked_as_development(self, root_key_file: Path) -> None:
        signer = LocalSigner.open(root_key_file)

        assert signer.algorithm is Algorithm.RS256
        assert signer.is_development is True

    def test_makes_a_file_that_only_its_owner_reads(self, root_key_file: Path) -> None:
        assert stat.S_IMODE(root_key_file.stat().st_mode) == 0o600
        assert root_key_file.read_bytes().startswith(b"# Development key, never for production.")

    def test_opens_the_same_key_again(self, root_key_file: Path) -> None:
        first, second = LocalSigner.open(root_key_file), LocalSigner.open(root_key_file)

        assert first.key_id == second.key_id

    def test_warns_once_that_it_is_for_development(
        self, root_key_file: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.WARNING, logger="signing"):
            signer = LocalSigner.open(root_key_file)
            signer.sign(b"message")

        (record,) = caplog.records
        assert "development key" in record.getMessage()
        assert signer.key_id in record.getMessage()

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o666])
    def test_refuses_a_file_that_others_can_touch(
        self, root_key_file: Path, tmp_path: Path, mode: int
    ) -> None:
        path = private_file(tmp_path / "key.pem", root_key_file.read_bytes())
        path.chmod(mode)

        with pytest.raises(UnsafeKey, match="chmod 600"):
            LocalSigner.open(path)

    def test_refuses_a_folder_in_the_files_place(self, tmp_path: Path) -> None:
        with pytest.raises(UnsafeKey, match="not a plain file"):
            LocalSigner.open(tmp_path)

    def test_refuses_a_pipe_without_waiting_for_it(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe", 0o600)

        with pytest.raises(UnsafeKey, match="not a plain file"):
            LocalSigner.open(tmp_path / "pipe")

    @pytest.mark.parametrize("content", [b"", b"not a key", b"-----BEGIN PRIVATE KEY-----\nAAAA"])
    def test_refuses_what_is_no_key(self, tmp_path: Path, content: bytes) -> None:
        with pytest.raises(UnsafeKey, match="no private key that can be read"):
            LocalSigner.open(private_file(tmp_path / "key.pem", content))

    def test_refuses_keys_of_another_kind(self, tmp_path: Path) -> None:
        elliptic = generate_ec_key(SECP256R1())
        pems = [
            pem_of(Ed25519PrivateKey.generate()),
            elliptic.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        ]
        for pem in pems:
            with pytest.raises(UnsafeKey, match="no RSA key"):
                LocalSigner.open(private_file(tmp_path / "key.pem", pem))

    def test_refuses_a_smaller_rsa_key(self, tmp_path: Path) -> None:
        pem = pem_of(generate_rsa_key(65537, 2048))

        with pytest.raises(UnsafeKey, match="no RSA key of 4096 bits"):
            LocalSigner.open(private_file(tmp_path / "key.pem", pem))

    def test_refuses_a_key_damaged_on_disk(self, root_key_file: Path, tmp_path: Path) -> None:
        pem = pem_of(_damaged(root_key_file.read_bytes()))

        with pytest.raises(UnsafeKey, match="damaged"):
            LocalSigner.open(private_file(tmp_path / "key.pem", pem))

    def test_leaves_one_key_when_several_start_at_once(self, tmp_path: Path) -> None:
        start = Barrier(3)

        def open_together(_: int) -> str:
            start.wait(timeout=30)
            return LocalSigner.open(tmp_path / "key.pem").key_id

        with ThreadPoolExecutor(3) as pool:
            key_ids = set(pool.map(open_together, range(3)))

        assert len(key_ids) == 1
        assert [path.name for path in tmp_path.iterdir()] == ["key.pem"]


def _damaged(pem: bytes) -> RSAPrivateKey:
    key = load_pem_private_key(pem, password=None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(key, RSAPrivateKey)
    good = key.private_numbers()
    numbers = RSAPrivateNumbers(
        good.p, good.q, good.d + 2, good.dmp1 + 2, good.dmq1 + 2, good.iqmp, good.public_numbers
    )
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)
