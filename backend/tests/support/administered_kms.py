"""A local Cloud KMS with a root key, and an account that may administer it and sign with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from foundation.clock import Clock
from local_kms.server import LocalKms
from local_kms.testing import kms_for_tests
from signing.kms_service import KMSSigningService
from signing.kms_versions import KmsKeyVersions
from signing.version_name import VersionName

ADMIN: Final = "roles/cloudkms.admin"
SIGNER: Final = "roles/cloudkms.signerVerifier"
_KEY: Final = "projects/vault/locations/us-central1/keyRings/ring/cryptoKeys/root"


@dataclass(frozen=True)
class AdministeredKms:
    """The server, the name of the key, and the operator's account."""

    server: LocalKms
    key: str
    account: Path

    @property
    def first(self) -> str:
        """The location of the first version."""
        return f"{self.key}/cryptoKeyVersions/1"

    def signer(self, version: VersionName) -> KMSSigningService:
        """Open the signer of a version."""
        return KMSSigningService.open(version, stored=None, endpoint=self.server.address)

    def versions(self) -> KmsKeyVersions:
        """Return the key's administration, not connected yet."""
        return KmsKeyVersions(
            VersionName.parse(self.first), self.signer, endpoint=self.server.address
        )


@contextmanager
def administered_kms(folder: Path, clock: Clock) -> Iterator[AdministeredKms]:
    """Serve a key with one version; this process is the operator."""
    with (
        kms_for_tests(folder / "kms", clock=clock) as server,
        pytest.MonkeyPatch.context() as environment,
    ):
        server.ensure_signing_key(_KEY)
        account = server.service_account("operator", project="vault")
        for role in (ADMIN, SIGNER):
            server.grant(role, on=_KEY, to=account)
        environment.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(account))
        yield AdministeredKms(server, _KEY, account)
