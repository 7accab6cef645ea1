"""Two owners who act at the same moment: the tenant keeps one, and an invitation is taken once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

from django.db import connections

from foundation.clock import utc_now
from identity import membership
from identity.claims import Claimed
from identity.errors import IdentityError, LastOwner, MissingTenant
from identity.models import Member
from identity.register import DatabaseRegister
from identity.rules import Membership, MemberStatus, PrincipalKind, Role
from tenants.current import tenant_transaction
from tenants.models import Tenant
from tests.support.customer import PEPPERS

ROUNDS = 20


def at_once(*deeds: Callable[[], object]) -> list[str]:
    """Do deeds in threads that begin together; return how each ended."""
    start = threading.Barrier(len(deeds))

    def run(deed: Callable[[], object]) -> str:
        start.wait(10)
        try:
            deed()
        except IdentityError as refusal:
            return type(refusal).__name__
        finally:
            connections.close_all()
        return "done"

    with ThreadPoolExecutor(len(deeds)) as pool:
        return sorted(pool.map(run, deeds))


def owner(tenant: UUID, name: str) -> UUID:
    with tenant_transaction(tenant):
        return Member.objects.create(
            tenant_id=tenant,
            issuer="https://id.example",
            subject=name,
            role=Role.OWNER.value,
            status=MemberStatus.ACTIVE.value,
        ).id


def test_two_owners_who_remove_each_other_leave_one(postgres_db: str) -> None:
    for number in range(ROUNDS):
        tenant = Tenant.objects.create(slug=f"acme-{number}", name="Acme").id
        one, two = owner(tenant, "one"), owner(tenant, "two")

        def remove(member_id: UUID, tenant: UUID = tenant) -> Callable[[], object]:
            return lambda: membership.remove_member(
                tenant_id=tenant, member_id=member_id, principal="user:owner"
            )

        ended = at_once(remove(one), remove(two))

        assert ended == [LastOwner.__name__, "done"], number
        active = Member.across_tenants.filter(tenant_id=tenant, status="active")
        assert active.count() == 1


def test_one_invitation_lets_in_one_person_of_two_who_claim_it(postgres_db: str) -> None:
    register = DatabaseRegister(PEPPERS)
    for number in range(ROUNDS):
        tenant = Tenant.objects.create(slug=f"acme-{number}", name="Acme").id
        membership.invite_member(
            tenant_id=tenant, email="ann@example.com", role=Role.MEMBER, principal="user:owner"
        )

        def sign_in(subject: str, tenant: UUID = tenant) -> Callable[[], Any]:
            return lambda: register.admit(_claimed(tenant, subject), now=utc_now())

        ended = at_once(sign_in("ann-1"), sign_in("ann-2"), sign_in("ann-1"), sign_in("ann-2"))

        assert ended == [MissingTenant.__name__] * 2 + ["done"] * 2, number
        assert Member.across_tenants.filter(tenant_id=tenant).count() == 1


def _claimed(tenant: UUID, subject: str) -> Claimed:
    return Claimed(
        issuer="https://id.example",
        row_id=1,
        kind=PrincipalKind.USER,
        subject=subject,
        tenant_id=tenant,
        tenant_name=None,
        role=None,
        membership=Membership.REQUIRED,
        email="ann@example.com",
        is_staff=False,
    )
