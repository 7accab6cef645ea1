"""License tokens: what the vectors, being JSON, cannot say."""

import dataclasses
import re
from datetime import UTC, datetime

import pytest

from coditect_license_token import (
    Delegation,
    LicenseToken,
    MalformedDocument,
    UnknownKey,
    hardware_binding,
    open_license_token,
    seal_license_token,
)
from coditect_license_token.testing import InMemorySigner


def test_a_sealed_token_opens_to_the_same_claims(
    claims: LicenseToken, delegation: Delegation, signer: InMemorySigner, now: int
) -> None:
    token = seal_license_token(claims, signer=signer)
    assert open_license_token(token, delegation=delegation, now=now) == claims
    assert re.fullmatch(r"[A-Za-z0-9_.-]{400,700}", token)


def test_a_root_never_signs_a_token(claims: LicenseToken, root: InMemorySigner) -> None:
    with pytest.raises(UnknownKey, match="Ed25519 only"):
        seal_license_token(claims, signer=root)


def test_a_token_of_another_signer_is_unknown(
    claims: LicenseToken, delegation: Delegation, other_signer: InMemorySigner, now: int
) -> None:
    token = seal_license_token(claims, signer=other_signer)
    with pytest.raises(UnknownKey):
        open_license_token(token, delegation=delegation, now=now)


def test_a_token_is_at_most_8_kib(claims: LicenseToken, signer: InMemorySigner) -> None:
    many = tuple(f"{number:0>200}" for number in range(40))
    with pytest.raises(MalformedDocument, match="8192"):
        seal_license_token(dataclasses.replace(claims, entitlements=many), signer=signer)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("issuer", ""),
        ("audience", 7),
        ("issued_at", True),
        ("expires", 1.0),
        ("session_id", None),
        ("tier", "caf\u00e9"),
        ("entitlements", ["export"]),
        ("entitlements", "export"),
        ("hardware_binding", "short"),
        ("hardware_binding", None),
        ("gen", -1),
        ("seq", 2**53),
        ("license_expires_at", datetime(2026, 12, 29, tzinfo=UTC)),
        ("nonce", ""),
    ],
)
def test_claims_of_another_shape_cannot_be_made(
    claims: LicenseToken, field: str, value: object
) -> None:
    with pytest.raises(MalformedDocument):
        dataclasses.replace(claims, **{field: value})  # type: ignore[arg-type]


def test_the_license_end_is_an_aware_time(claims: LicenseToken) -> None:
    assert claims.license_end == datetime(2026, 12, 29, 1, 4, 59, 214025, UTC)


def test_a_binding_names_neither_device_nor_license() -> None:
    binding = hardware_binding("license-1", "device-1")
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", binding)
    others = {hardware_binding("license-2", "device-1"), hardware_binding("license-1", "device-2")}
    assert len({binding, *others}) == 3
