"""A delegated key signs what it was delegated and no more: a stolen one gains nothing else."""

from dataclasses import replace

import pytest

from coditect_license_sdk import VerificationFailed
from coditect_license_sdk._verify import Expected, Proof, open_fresh_proof, open_kept_proof
from coditect_license_token import (
    Delegation,
    LicenseToken,
    Roots,
    hardware_binding,
    seal_delegation,
    seal_license_token,
)
from coditect_license_token.testing import InMemorySigner

NOW = 1_800_000_000
LICENSE_ID = "b1946ac9-2ddf-4f59-a5a8-2d4d95c3a001"
CLAIMS = LicenseToken(
    issuer="https://licenses.example",
    audience="product",
    issued_at=NOW,
    expires=NOW + 600,
    session_id="6f0c2c62-9a35-4a1e-9f0b-2d8a54c0a001",
    tenant_id="0b7c6a52-7d5c-4f0e-8c43-52f9c57be001",
    license_id=LICENSE_ID,
    tier="pro",
    entitlements=(),
    hardware_binding=hardware_binding(LICENSE_ID, "device"),
    gen=1,
    seq=1,
    license_expires_at="2030-12-29T04:35:35.407120+00:00",
    nonce="n-1",
)
EXPECTED = Expected(hardware_id="device", audience="product", issuer="https://licenses.example")


def proof_of(claims: LicenseToken, root: InMemorySigner) -> Proof:
    """Sign claims with a key that may sign leases of 10 minutes, of the tier ``pro``, for 2 h."""
    signer = InMemorySigner.generate_signer()
    mandate = Delegation(
        issuer=CLAIMS.issuer,
        key=signer.public_key,
        not_before=NOW - 3_600,
        expires=NOW + 3_600,
        max_lease_seconds=600,
        tiers=("pro",),
    )
    token = seal_license_token(claims, signer=signer)
    return Proof(token, seal_delegation(mandate, root=root))


def test_what_was_delegated_is_believed(other_root: InMemorySigner) -> None:
    proof, roots = proof_of(CLAIMS, other_root), Roots([other_root.public_key])

    assert open_fresh_proof(proof, roots=roots, expected=EXPECTED, nonce="n-1").claims == CLAIMS
    assert open_kept_proof(proof, roots=roots, expected=EXPECTED, now=NOW + 1).claims == CLAIMS


@pytest.mark.parametrize(
    "beyond",
    [
        replace(CLAIMS, tier="enterprise"),
        replace(CLAIMS, tier="PRO"),
        replace(CLAIMS, expires=NOW + 601),
        replace(CLAIMS, issued_at=NOW + 3_400, expires=NOW + 3_601),
        replace(CLAIMS, issued_at=NOW - 3_601, expires=NOW - 3_001),
        replace(CLAIMS, issuer="https://others.example"),
    ],
    ids=["tier", "tier's case", "longer lease", "past its end", "before its begin", "issuer"],
)
def test_what_was_not_delegated_is_refused_fresh_or_kept(
    other_root: InMemorySigner, beyond: LicenseToken
) -> None:
    proof, roots = proof_of(beyond, other_root), Roots([other_root.public_key])

    with pytest.raises(VerificationFailed):
        open_fresh_proof(proof, roots=roots, expected=EXPECTED, nonce="n-1")
    with pytest.raises(VerificationFailed):
        open_kept_proof(proof, roots=roots, expected=EXPECTED, now=beyond.issued_at + 1)


def test_a_delegated_key_cannot_delegate(other_root: InMemorySigner) -> None:
    """A root that is no root: the chain has two links and ends there."""
    proof, roots = proof_of(CLAIMS, other_root), Roots([other_root.public_key])

    with pytest.raises(VerificationFailed):
        open_fresh_proof(
            Proof(proof.license_token, proof.license_token),
            roots=roots,
            expected=EXPECTED,
            nonce="n-1",
        )
