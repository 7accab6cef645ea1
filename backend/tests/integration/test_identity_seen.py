"""Who is known is let in by reading alone; that he was seen is written after the answer."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
from django.db import DatabaseError, connections

from audit.models import AuditEvent
from identity import api_token, membership, service_accounts
from identity.afterwards import Afterwards
from identity.claims import Claimed
from identity.models import Member, ServiceAccount
from identity.register import DatabaseRegister
from identity.rules import Membership, Principal, PrincipalKind, Role
from leasing.stores.gate import WriteGate
from tenants.models import Tenant
from tests.support.clock import START
from tests.support.customer import PEPPERS

LONG_SECONDS = 60
Deed = Callable[[], None]


@pytest.fixture
def tenant(db: Path) -> UUID:
    return Tenant.objects.create(slug="acme", name="Acme").id


@pytest.fixture
def later() -> list[Deed]:
    return []


@pytest.fixture
def register(later: list[Deed]) -> DatabaseRegister:
    return DatabaseRegister(PEPPERS, later=later.append)


def ann(tenant: UUID, role: Role | None = None) -> Claimed:
    return Claimed(
        issuer="https://issuer.example",
        row_id=1,
        kind=PrincipalKind.USER,
        subject="ann-1",
        tenant_id=tenant,
        tenant_name=None,
        role=role,
        membership=Membership.AUTOMATIC if role else Membership.REQUIRED,
        email="ann@example.com",
        is_staff=False,
    )


def while_somebody_writes(database: Path, ask: Callable[[], Principal]) -> Principal:
    """Ask in another thread while the write gate is held, as by a long write of anybody."""

    def asked() -> Principal:
        try:
            return ask()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as thread, WriteGate(database):
        return thread.submit(asked).result(timeout=LONG_SECONDS)


def signed_in(tenant: UUID) -> int:
    rows = AuditEvent.across_tenants.filter(tenant_id=tenant, action__endswith=".signed_in")
    return rows.count()


def test_a_member_does_not_wait_for_who_writes(
    db: Path, tenant: UUID, register: DatabaseRegister, later: list[Deed]
) -> None:
    membership.invite_member(
        tenant_id=tenant, email="ann@example.com", role=Role.ADMIN, principal="user:owner"
    )
    register.admit(ann(tenant), now=START)  # joins, which is written
    later.clear()

    principal = while_somebody_writes(db, lambda: register.admit(ann(tenant), now=START))

    assert (principal.role, signed_in(tenant), len(later)) == (Role.ADMIN, 0, 1)
    later[0]()
    assert signed_in(tenant) == 1
    assert Member.across_tenants.get().last_seen_at == START


def test_a_service_account_does_not_wait_for_who_writes(
    db: Path, tenant: UUID, register: DatabaseRegister, later: list[Deed]
) -> None:
    account = service_accounts.create_service_account(
        tenant_id=tenant, name="ci", role=Role.MEMBER, principal="user:owner"
    )
    _, text = service_accounts.issue_token(
        tenant_id=tenant,
        account_id=account.id,
        lifetime_seconds=3_600,
        peppers=PEPPERS,
        principal="user:owner",
        now=START,
    )
    token = api_token.parse(text)
    assert token is not None

    principal = while_somebody_writes(db, lambda: register.bearer_of(token, now=START)[0])

    assert (principal.role, signed_in(tenant)) == (Role.MEMBER, 0)
    later[0]()
    later[0]()
    assert signed_in(tenant) == 1
    assert ServiceAccount.across_tenants.get().last_seen_at == START


def test_who_was_removed_before_the_note_is_written_is_not_recorded(
    tenant: UUID, register: DatabaseRegister, later: list[Deed]
) -> None:
    register.admit(ann(tenant, Role.MEMBER), now=START)
    Member.across_tenants.all().delete()

    later[0]()

    assert signed_in(tenant) == 0


def test_a_role_that_the_issuer_changed_counts_at_once(
    tenant: UUID, register: DatabaseRegister
) -> None:
    register.admit(ann(tenant, Role.OWNER), now=START)
    principal = register.admit(ann(tenant, Role.VIEWER), now=START)

    assert principal.role is Role.VIEWER
    assert Member.across_tenants.get().role == Role.VIEWER.value


def test_what_is_done_afterwards_is_done_in_turn_and_to_the_end() -> None:
    done: list[int] = []
    afterwards = Afterwards()

    for number in range(20):
        afterwards(partial(done.append, number))
    afterwards.finish()

    assert done == list(range(20))


def hold(goes_on: threading.Event) -> None:
    assert goes_on.wait(LONG_SECONDS)


def test_more_than_may_wait_is_dropped() -> None:
    done: list[int] = []
    goes_on = threading.Event()
    afterwards = Afterwards(most=2)

    afterwards(partial(hold, goes_on))
    for number in range(5):
        afterwards(partial(done.append, number))
    goes_on.set()
    afterwards.finish()

    assert done == [0]


def test_what_the_database_refuses_is_logged_and_the_next_is_done(
    caplog: pytest.LogCaptureFixture,
) -> None:
    done: list[int] = []
    afterwards = Afterwards(most=2)

    def fail() -> None:
        raise DatabaseError("the disk is full")

    afterwards(fail)
    afterwards(lambda: done.append(1))
    afterwards.finish()

    assert done == [1]
    assert "the disk is full" in caplog.text
