"""How many calls of the control plane a principal and its tenant have."""

from uuid import UUID

import pytest

from coditect_license.abuse import Quota
from identity.rules import Principal, PrincipalKind, Role
from soft_state.allowances import Allowances
from soft_state.errors import RateLimited

ALICE, BOB = UUID(int=1), UUID(int=2)


def principal(subject: str, tenant: UUID = ALICE) -> Principal:
    return Principal(kind=PrincipalKind.USER, tenant_id=tenant, subject=subject, role=Role.OWNER)


def quota(*, per_principal: int = 0, per_tenant: int = 0) -> Quota:
    return Quota(
        Allowances(), per_principal=per_principal, per_tenant=per_tenant, clock=lambda: 1_000.0
    )


def taken(of: Quota, who: Principal, calls: int) -> int:
    count = 0
    for _ in range(calls):
        try:
            of.take(who)
        except RateLimited:
            continue
        count += 1
    return count


def test_s11_principals_of_the_same_name_in_two_tenants_have_a_quota_each() -> None:
    of = quota(per_principal=3)

    assert taken(of, principal("a"), 10) == 3
    assert taken(of, principal("a", BOB), 10) == 3
    assert taken(of, principal("b"), 10) == 3


def test_many_principals_share_the_quota_of_their_tenant() -> None:
    of = quota(per_tenant=5)

    assert sum(taken(of, principal(str(number)), 1) for number in range(10)) == 5
    assert taken(of, principal("a", BOB), 10) == 5


def test_zero_means_any_number() -> None:
    assert taken(quota(), principal("a"), 5_000) == 5_000


def test_the_refusal_names_the_policy_and_when_to_come_back() -> None:
    of = quota(per_principal=60)
    taken(of, principal("a"), 60)

    with pytest.raises(RateLimited) as refused:
        of.take(principal("a"))

    assert (refused.value.policy, refused.value.per_minute) == ("principal", 60)
    assert refused.value.wait_seconds == pytest.approx(1)
