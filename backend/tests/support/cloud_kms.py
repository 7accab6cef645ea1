"""A local Cloud KMS with the seed's key, and what a test wants to hold of it.

::

    with cloud_kms(folder) as kms:
        signer = kms.signer()
        kms.server.faults.set(SIGN, Fault(code="UNAVAILABLE"))

The key lies in one project and the server's account in another, as in the seed.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pytest

from coditect_license_token import PublicKey
from local_kms.faults import Fault, written
from local_kms.server import LocalKms
from local_kms.testing import kms_for_tests
from signing.attempts import REAL_TIME, Time
from signing.kms_service import SIGNING, KMSSigningService
from signing.version_name import VersionName

SIGN: Final = "AsymmetricSign"
VIEW: Final = "GetPublicKey"
ROLE: Final = "roles/cloudkms.signerVerifier"
KEY: Final = (
    "projects/coditect-cloud-infra/locations/us-central1/keyRings/coditect-license-keys"
    "/cryptoKeys/license-signing-key-v1"
)
UNHURRIED: Final = replace(SIGNING, attempt_seconds=30, total_seconds=90)
"""As many attempts, whose deadlines no busy machine misses: for tests that count them."""

ACCOUNT: Final = "django-backend@coditect-citus-prod.iam.gserviceaccount.com"


@dataclass(frozen=True)
class CloudKms:
    """The server, and the file of the account that may sign with its key."""

    server: LocalKms
    account: Path

    @property
    def version(self) -> VersionName:
        """The first version of the key."""
        return VersionName.parse(f"{KEY}/cryptoKeyVersions/1")

    def signer(
        self, *, stored: PublicKey | None = None, version: VersionName | None = None
    ) -> KMSSigningService:
        """Open the signer as a server does at its start."""
        return KMSSigningService.open(
            version or self.version, stored=stored, endpoint=self.server.address
        )

    def signer_in(self, time: Time = REAL_TIME) -> KMSSigningService:
        """Return a signer whose pauses and breaker live in a time of the test's own.

        Calls to the KMS are real ones, so their deadlines are far off.
        """
        return KMSSigningService(
            self.version,
            self.signer().public_key,
            endpoint=self.server.address,
            time=time,
            budget=UNHURRIED,
        )

    def codes(self) -> list[str]:
        """Return what became of each attempt to sign so far, in order."""
        return [entry.code for entry in self.server.desk.entries if entry.rpc == SIGN]


@contextmanager
def cloud_kms(folder: Path) -> Iterator[CloudKms]:
    """Serve the key from a folder, and be its account: in this process and its children."""
    with kms_for_tests(folder) as server, pytest.MonkeyPatch.context() as environment:
        server.ensure_signing_key(KEY)
        name, _, host = ACCOUNT.partition("@")
        account = server.service_account(name, project=host.partition(".")[0])
        server.grant(ROLE, on=KEY, to=account)
        environment.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(account))
        yield CloudKms(server, account)


@contextmanager
def cloud_kms_process(folder: Path, faults: Mapping[str, Fault]) -> Iterator[KMSSigningService]:
    """Serve the key from a process of its own, as a crowd needs it; give its signer.

    In this process the KMS and its callers would take turns at one interpreter.
    """
    with cloud_kms(folder) as kms:
        certificate = kms.server.certificate.file.parent
    for name in ("ca.pem", "tls-key.pem"):
        shutil.copy(certificate / name, folder / name)
    (folder / "faults.json").write_bytes(written(faults))
    command = [sys.executable, "-m", "local_kms", "serve", "--port", "0", "--folder", str(folder)]
    process = subprocess.Popen(command, env=_for_child(), stdout=subprocess.PIPE, text=True)
    with process, pytest.MonkeyPatch.context() as environment:
        assert process.stdout is not None
        address = process.stdout.readline().partition("listens on ")[2].split()[0]
        environment.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(kms.account))
        try:
            yield KMSSigningService.open(kms.version, stored=None, endpoint=address)
        finally:
            process.terminate()
            process.stdout.read()


def _for_child() -> dict[str, str]:
    repository = Path(__file__).resolve().parents[3]
    return os.environ | {"PYTHONPATH": f"{repository / 'backend'}:{repository}"}


class HandTime:
    """Time in which pauses pass at once, and which otherwise stands still."""

    def __init__(self) -> None:
        self.seconds = 1_000.0
        self.pauses: list[float] = []

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.seconds += seconds

    def as_time(self) -> Time:
        """Return it in the form that signers take; draws are in the middle."""
        return Time(clock=lambda: self.seconds, pause=self.pause, draw=lambda: 0.5)
