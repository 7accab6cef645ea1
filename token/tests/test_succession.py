"""Links lead from a pinned root to the one that signs today, and nowhere else."""

import dataclasses

import pytest

from coditect_license_token import (
    KeySet,
    KeySetEntry,
    KeyStatus,
    NotInForce,
    Roots,
    follow_links,
    open_keyset,
    seal_keyset,
)
from coditect_license_token.succession import MAX_LINKS
from coditect_license_token.testing import InMemorySigner


@pytest.fixture(scope="session")
def third_root() -> InMemorySigner:
    return InMemorySigner.generate_root()


@pytest.fixture
def links(
    keyset: KeySet, root: InMemorySigner, other_root: InMemorySigner, third_root: InMemorySigner
) -> list[str]:
    """Root, then other root, then third root."""
    return [link(keyset, root, other_root), link(keyset, other_root, third_root)]


def link(keyset: KeySet, old: InMemorySigner, new: InMemorySigner) -> str:
    entries = (
        KeySetEntry(key=old.public_key, status=KeyStatus.ACTIVE, not_before=1),
        KeySetEntry(key=new.public_key, status=KeyStatus.NEXT, not_before=1),
    )
    return seal_keyset(dataclasses.replace(keyset, entries=entries), root=old)


def test_two_links_lead_across_two_rotations(
    links: list[str], roots: Roots, third_root: InMemorySigner
) -> None:
    assert third_root.public_key in follow_links(links, roots=roots)


def test_from_the_middle_the_second_link_is_enough(
    links: list[str], other_root: InMemorySigner, third_root: InMemorySigner
) -> None:
    reached = follow_links(links, roots=Roots([other_root.public_key]))
    assert set(reached) == {other_root.public_key, third_root.public_key}


def test_a_link_of_a_root_nobody_believes_leads_nowhere(
    links: list[str], roots: Roots, third_root: InMemorySigner
) -> None:
    assert third_root.public_key not in follow_links(links[1:], roots=roots)


def test_a_link_that_is_no_key_set_hurts_none_of_the_others(
    links: list[str], roots: Roots, third_root: InMemorySigner
) -> None:
    noisy = ["", "a.b.c", "x" * 40_000, *links]
    assert third_root.public_key in follow_links(noisy, roots=roots)


@pytest.mark.parametrize("position", [0, 1, 2])
def test_a_refused_key_is_no_step_of_the_way(
    links: list[str],
    root: InMemorySigner,
    other_root: InMemorySigner,
    third_root: InMemorySigner,
    position: int,
) -> None:
    refused = (root, other_root, third_root)[position].key_id
    reached = follow_links(links, roots=Roots([root.public_key]), refused={refused})
    assert third_root.public_key not in reached
    assert refused not in {key.key_id for key in reached}


def test_links_of_another_issuer_lead_nowhere(links: list[str], roots: Roots) -> None:
    assert set(follow_links(links, roots=roots, issuer="https://b.test")) == set(roots)


def test_only_so_many_links_are_looked_at(links: list[str], roots: Roots) -> None:
    late = ["no link"] * MAX_LINKS + links
    assert set(follow_links(late, roots=roots)) == set(roots)


def test_a_kept_set_opens_after_its_time_only_where_time_is_not_asked(
    keyset: KeySet, root: InMemorySigner, roots: Roots
) -> None:
    sealed = seal_keyset(keyset, root=root)
    with pytest.raises(NotInForce):
        open_keyset(sealed, roots=roots, now=keyset.expires_at)
    assert open_keyset(sealed, roots=roots, now=None) == keyset
