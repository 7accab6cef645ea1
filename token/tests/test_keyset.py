"""Key sets: what the vectors, being JSON, cannot say."""

import dataclasses

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

from coditect_license_token import (
    KeySet,
    KeySetEntry,
    KeyStatus,
    MalformedDocument,
    PublicKey,
    Roots,
    UnknownKey,
    open_keyset,
    seal_keyset,
)
from coditect_license_token.testing import InMemorySigner


def test_a_sealed_keyset_opens_to_the_same(
    keyset: KeySet, root: InMemorySigner, roots: Roots, now: int
) -> None:
    assert open_keyset(seal_keyset(keyset, root=root), roots=roots, now=now) == keyset


def test_the_two_halves_make_what_sealing_makes(keyset: KeySet, root: InMemorySigner) -> None:
    signature = root.sign(keyset.signing_input(root.key_id))
    assert keyset.attach(root.key_id, signature) == seal_keyset(keyset, root=root)


def test_only_rs256_signs_a_keyset(keyset: KeySet, signer: InMemorySigner) -> None:
    with pytest.raises(UnknownKey, match="RS256 only"):
        seal_keyset(keyset, root=signer)


def test_a_revoked_key_verifies_nothing(keyset: KeySet, root: InMemorySigner) -> None:
    active, upcoming = keyset.entries
    revoked = dataclasses.replace(upcoming, status=KeyStatus.REVOKED)
    roots = dataclasses.replace(keyset, entries=(active, revoked)).roots()
    assert list(roots) == [root.public_key]
    with pytest.raises(UnknownKey):
        roots.find(upcoming.key.key_id)


def test_a_key_past_its_own_end_verifies_nothing(keyset: KeySet) -> None:
    active, upcoming = keyset.entries
    assert upcoming.expires_at is not None
    assert set(keyset.roots(now=upcoming.expires_at - 1)) == {active.key, upcoming.key}
    assert set(keyset.roots(now=upcoming.expires_at)) == {active.key}
    assert set(keyset.roots()) == {active.key, upcoming.key}


def test_a_keyset_has_one_to_sixteen_keys(
    keyset: KeySet, root: InMemorySigner, roots: Roots, now: int
) -> None:
    sixteen = dataclasses.replace(keyset, entries=tuple(_entry(number) for number in range(16)))
    token = seal_keyset(sixteen, root=root)
    assert open_keyset(token, roots=roots, now=now) == sixteen
    with pytest.raises(MalformedDocument, match="16"):
        dataclasses.replace(keyset, entries=tuple(_entry(number) for number in range(17)))
    with pytest.raises(MalformedDocument, match="without keys"):
        dataclasses.replace(keyset, entries=())


def _entry(number: int) -> KeySetEntry:
    """Make an entry around a modulus that nobody can factor or use, but that has the right size."""
    modulus = (1 << 4095) + 2 * number + 1
    key = PublicKey.from_cryptography(RSAPublicNumbers(65537, modulus).public_key())
    return KeySetEntry(key=key, status=KeyStatus.RETIRED, not_before=0, expires_at=2**53 - 1)


@pytest.mark.parametrize(
    ("field", "value"),
    [("issuer", ""), ("version", -1), ("min_profile", True), ("issued_at", 1.0), ("expires_at", 0)],
)
def test_a_keyset_of_another_shape_cannot_be_made(
    keyset: KeySet, field: str, value: object
) -> None:
    with pytest.raises(MalformedDocument):
        dataclasses.replace(keyset, **{field: value})  # type: ignore[arg-type]


def test_an_ed25519_key_has_no_place_in_a_keyset(signer: InMemorySigner) -> None:
    with pytest.raises(MalformedDocument, match="RSA-4096"):
        KeySetEntry(key=signer.public_key, status=KeyStatus.ACTIVE, not_before=0)
