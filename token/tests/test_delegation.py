"""Delegations: what the vectors, being JSON, cannot say."""

import dataclasses

import pytest

from coditect_license_token import (
    Delegation,
    MalformedDocument,
    Roots,
    UnknownKey,
    open_delegation,
    seal_delegation,
)
from coditect_license_token.testing import InMemorySigner


def test_a_sealed_delegation_opens_to_the_same(
    delegation: Delegation, root: InMemorySigner, roots: Roots, now: int
) -> None:
    token = seal_delegation(delegation, root=root)
    assert open_delegation(token, roots=roots, now=now) == delegation


def test_the_two_halves_make_what_sealing_makes(
    delegation: Delegation, root: InMemorySigner
) -> None:
    signature = root.sign(delegation.signing_input(root.key_id))
    halves = delegation.attach(root.key_id, signature)
    assert halves == seal_delegation(delegation, root=root)


def test_only_rs256_delegates(delegation: Delegation, signer: InMemorySigner) -> None:
    with pytest.raises(UnknownKey, match="RS256 only"):
        seal_delegation(delegation, root=signer)


@pytest.mark.parametrize("length", [0, 64, 511, 513])
def test_a_signature_of_another_length_is_never_attached(
    delegation: Delegation, root: InMemorySigner, length: int
) -> None:
    with pytest.raises(MalformedDocument, match="512 bytes"):
        delegation.attach(root.key_id, bytes(length))


def test_a_star_covers_every_tier_and_a_name_itself(delegation: Delegation) -> None:
    named = dataclasses.replace(delegation, tiers=("basic", "pro"))
    tiers = ("basic", "pro", "enterprise", "Pro", "")
    assert [named.covers(tier) for tier in tiers] == [True, True, False, False, False]
    assert all(delegation.covers(tier) for tier in tiers)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("issuer", None),
        ("not_before", True),
        ("expires", 1.5),
        ("max_lease_seconds", "360"),
        ("tiers", ["*"]),
        ("tiers", ()),
        ("tiers", "*"),
        ("formats", ["lic+jwt"]),
        ("formats", ("lic-deleg+jwt",)),
    ],
)
def test_a_delegation_of_another_shape_cannot_be_made(
    delegation: Delegation, field: str, value: object
) -> None:
    with pytest.raises(MalformedDocument):
        dataclasses.replace(delegation, **{field: value})  # type: ignore[arg-type]


def test_a_root_cannot_be_delegated_to(delegation: Delegation, root: InMemorySigner) -> None:
    with pytest.raises(MalformedDocument, match="not Ed25519"):
        dataclasses.replace(delegation, key=root.public_key)
