"""Revocation lists: what the vectors, being JSON, cannot say."""

import pytest

from coditect_license_token import (
    MalformedDocument,
    Revocations,
    Roots,
    UnknownKey,
    open_revocations,
    seal_revocations,
)
from coditect_license_token.revocations import MAX_REVOKED
from coditect_license_token.testing import InMemorySigner


def test_a_sealed_list_opens_to_the_same(
    revocations: Revocations, root: InMemorySigner, roots: Roots, now: int
) -> None:
    sealed = seal_revocations(revocations, root=root)
    assert open_revocations(sealed, roots=roots, now=now) == revocations


def test_the_longest_list_fits(root: InMemorySigner, roots: Roots, now: int) -> None:
    names = tuple(f"{number:043}" for number in range(MAX_REVOKED))
    whole = Revocations(
        issuer="https://a.test",
        version=1,
        issued_at=now,
        expires_at=now + 1,
        key_ids=names,
        session_ids=names,
    )
    assert open_revocations(seal_revocations(whole, root=root), roots=roots, now=now) == whole


def test_only_rs256_signs_a_list(revocations: Revocations, signer: InMemorySigner) -> None:
    with pytest.raises(UnknownKey, match="RS256 only"):
        seal_revocations(revocations, root=signer)


def test_a_list_that_was_kept_opens_after_its_time(
    revocations: Revocations, root: InMemorySigner, roots: Roots
) -> None:
    sealed = seal_revocations(revocations, root=root)
    assert open_revocations(sealed, roots=roots, now=None) == revocations


def test_what_is_no_tuple_is_refused(revocations: Revocations) -> None:
    with pytest.raises(MalformedDocument, match="not a tuple"):
        Revocations(
            issuer="a",
            version=1,
            issued_at=1,
            expires_at=2,
            key_ids=["x"],  # type: ignore[arg-type]
        )
