"""Who may do what."""

from itertools import pairwise
from uuid import UUID

import pytest

from identity.rules import Principal, PrincipalKind, Role

TENANT = UUID("0b7c6a52-7d5c-4f0e-8c43-52f9c57be001")
LICENSE = UUID("b1946ac9-2ddf-4f59-a5a8-2d4d95c3a001")


def user(role: Role | None) -> Principal:
    return Principal(kind=PrincipalKind.USER, tenant_id=TENANT, subject="alice", role=role)


def license_key() -> Principal:
    return Principal(
        kind=PrincipalKind.LICENSE_KEY, tenant_id=TENANT, subject="K7Q2", license_id=LICENSE
    )


def test_roles_are_ordered_from_viewer_to_owner() -> None:
    assert all(lower < higher for lower, higher in pairwise(Role))
    assert max(Role) is Role.OWNER


@pytest.mark.parametrize(
    ("role", "deeds"),
    [
        (None, 0),
        (Role.VIEWER, 1),
        (Role.MEMBER, 2),
        (Role.ADMIN, 3),
        (Role.OWNER, 4),
    ],
)
def test_each_role_may_what_the_ones_below_may(role: Role | None, deeds: int) -> None:
    principal = user(role)

    assert principal.may_read() is (deeds >= 1)
    assert principal.may_lease() is (deeds >= 2)
    assert principal.may_manage() is (deeds >= 3)
    assert principal.may_administer() is (deeds >= 4)


def test_a_license_key_leases_and_never_manages() -> None:
    assert license_key().may_lease()
    assert license_key().may_read()
    assert not license_key().may_manage()
    assert not license_key().may_administer()


def test_a_principal_is_labelled_by_kind_and_subject() -> None:
    assert user(None).label == "user:alice"
    assert license_key().label == "license_key:K7Q2"


@pytest.mark.parametrize("subject", ["", "a" * 129, "with\nline", "with\x00nul", "Zoë", "\x7f"])
def test_a_subject_is_printable_and_short(subject: str) -> None:
    with pytest.raises(ValueError, match="subject"):
        Principal(kind=PrincipalKind.USER, tenant_id=TENANT, subject=subject)


def test_a_license_key_without_its_license_does_not_exist() -> None:
    with pytest.raises(ValueError, match="license key"):
        Principal(kind=PrincipalKind.LICENSE_KEY, tenant_id=TENANT, subject="K7Q2")


def test_nobody_but_a_license_key_is_confined_to_a_license() -> None:
    with pytest.raises(ValueError, match="license key"):
        Principal(kind=PrincipalKind.USER, tenant_id=TENANT, subject="a", license_id=LICENSE)
