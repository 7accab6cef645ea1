"""The test keys of the vectors, and one valid document of each kind."""

from pathlib import Path

import pytest

from coditect_license_token import (
    Delegation,
    KeySet,
    KeySetEntry,
    KeyStatus,
    LicenseData,
    LicenseToken,
    Revocations,
    Roots,
    hardware_binding,
)
from coditect_license_token.testing import InMemorySigner

NOW = 1_767_000_000
KEYS = Path(__file__).parents[1] / "vectors" / "keys"


def _signer(name: str) -> InMemorySigner:
    return InMemorySigner.from_pem((KEYS / f"{name}.test-key.pem").read_bytes())


@pytest.fixture(scope="session")
def root() -> InMemorySigner:
    return _signer("root")


@pytest.fixture(scope="session")
def other_root() -> InMemorySigner:
    return _signer("other-root")


@pytest.fixture(scope="session")
def signer() -> InMemorySigner:
    return _signer("signer")


@pytest.fixture(scope="session")
def other_signer() -> InMemorySigner:
    return _signer("other-signer")


@pytest.fixture(scope="session")
def roots(root: InMemorySigner) -> Roots:
    return Roots([root.public_key])


@pytest.fixture(scope="session")
def now() -> int:
    return NOW


@pytest.fixture(scope="session")
def delegation(signer: InMemorySigner) -> Delegation:
    return Delegation(
        issuer="https://licenses.example.test",
        key=signer.public_key,
        not_before=NOW - 3600,
        expires=NOW + 82_800,
        max_lease_seconds=43_200,
        tiers=("*",),
    )


@pytest.fixture(scope="session")
def claims() -> LicenseToken:
    return LicenseToken(
        issuer="https://licenses.example.test",
        audience="example-studio",
        issued_at=NOW,
        expires=NOW + 360,
        session_id="d9cbb7fa-19cb-47f8-8ce1-52e3747a008d",
        tenant_id="tenant-1",
        license_id="license-1",
        tier="pro",
        entitlements=("export", "render"),
        hardware_binding=hardware_binding("license-1", "device-1"),
        gen=1,
        seq=7,
        license_expires_at="2026-12-29T01:04:59.214025+00:00",
    )


@pytest.fixture(scope="session")
def license_data(root: InMemorySigner) -> LicenseData:
    return LicenseData(
        license_key="TEST-LICENSE-001",
        session_id="d9cbb7fa-19cb-47f8-8ce1-52e3747a008d",
        tier="pro",
        expires_at="2026-12-29T01:04:59.214025+00:00",
        signed_at="2025-12-29T09:20:00.407120+00:00",
        hardware_id="device-1",
        lease_expires_at="2025-12-29T09:26:00.000000+00:00",
        key_id=root.key_id,
    )


@pytest.fixture(scope="session")
def revocations(signer: InMemorySigner) -> Revocations:
    return Revocations(
        issuer="https://licenses.example.test",
        version=3,
        issued_at=NOW,
        expires_at=NOW + 86_400,
        key_ids=(signer.key_id,),
        session_ids=("d9cbb7fa-19cb-47f8-8ce1-52e3747a008d",),
    )


@pytest.fixture(scope="session")
def keyset(root: InMemorySigner, other_root: InMemorySigner) -> KeySet:
    return KeySet(
        issuer="https://licenses.example.test",
        version=3,
        issued_at=NOW,
        expires_at=NOW + 86_400,
        min_profile=1,
        entries=(
            KeySetEntry(key=root.public_key, status=KeyStatus.ACTIVE, not_before=NOW - 86_400),
            KeySetEntry(
                key=other_root.public_key,
                status=KeyStatus.NEXT,
                not_before=NOW + 86_400,
                expires_at=NOW + 31_536_000,
            ),
        ),
    )
