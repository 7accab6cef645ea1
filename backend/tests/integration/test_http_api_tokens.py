"""Service accounts at the leasing plane: their tokens lease, and end at once when they must."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from identity import membership, service_accounts
from identity.models import Member, ServiceAccount, TrustedIssuer
from identity.rules import Membership, MemberStatus, Role
from soft_state.notices import BOARD, Topic
from tenants.current import tenant_transaction
from tests.support.customer import PEPPERS, Customer
from tests.support.plane import Plane, problem

OWNER = "user:owner"


@pytest.fixture
def listening(plane: Plane) -> Iterator[None]:
    """The plane hears notices, as a server does."""
    stop = BOARD.listen(Topic.CREDENTIALS, plane.verifier.forget)
    yield
    stop()


def account(alice: Customer, role: Role = Role.MEMBER) -> ServiceAccount:
    return service_accounts.create_service_account(
        tenant_id=alice.tenant.id, name=f"ci-{role.value}", role=role, principal=OWNER
    )


def issued(plane: Plane, of: ServiceAccount, lifetime_seconds: int = 3_600) -> tuple[UUID, str]:
    row, token = service_accounts.issue_token(
        tenant_id=of.tenant_id,
        account_id=of.id,
        lifetime_seconds=lifetime_seconds,
        peppers=PEPPERS,
        principal=OWNER,
        now=plane.clock.now,
    )
    return row.id, token


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def test_a_service_account_acquires_renews_and_releases(plane: Plane, alice: Customer) -> None:
    _, token = issued(plane, account(alice))

    session = plane.acquire(alice, "laptop", bearer(token)).json()["session_id"]

    assert plane.heartbeat(session, bearer(token)).status_code == 200
    assert plane.release(session, bearer(token)).status_code == 204


def test_one_that_may_only_look_takes_no_seat(plane: Plane, alice: Customer) -> None:
    _, token = issued(plane, account(alice, Role.VIEWER))

    assert problem(plane.acquire(alice, "laptop", bearer(token))) == (403, "forbidden")


def test_s11_it_leases_nothing_of_another_tenant(
    plane: Plane, alice: Customer, charlie: Customer
) -> None:
    _, token = issued(plane, account(charlie))
    session = plane.acquire(alice, "laptop").json()["session_id"]

    assert problem(plane.acquire(alice, "other", bearer(token))) == (404, "not_found")
    assert problem(plane.state(session, bearer(token))) == (404, "not_found")


@pytest.mark.usefixtures("listening")
def test_a_revoked_token_is_refused_at_once(plane: Plane, alice: Customer) -> None:
    of = account(alice)
    token_id, token = issued(plane, of)
    session = plane.acquire(alice, "laptop", bearer(token)).json()["session_id"]

    service_accounts.revoke_token(
        tenant_id=of.tenant_id, account_id=of.id, token_id=token_id, principal=OWNER
    )

    assert problem(plane.heartbeat(session, bearer(token))) == (401, "invalid_token")


def test_without_a_notice_it_is_refused_within_60_seconds(plane: Plane, alice: Customer) -> None:
    of = account(alice)
    token_id, token = issued(plane, of)
    session = plane.acquire(alice, "laptop", bearer(token)).json()["session_id"]
    service_accounts.revoke_token(
        tenant_id=of.tenant_id, account_id=of.id, token_id=token_id, principal=OWNER
    )

    plane.clock.advance(59)
    assert plane.heartbeat(session, bearer(token)).status_code == 200
    plane.clock.advance(1)

    assert problem(plane.heartbeat(session, bearer(token))) == (401, "invalid_token")


def test_a_token_ends_by_itself_to_the_second(plane: Plane, alice: Customer) -> None:
    _, token = issued(plane, account(alice), lifetime_seconds=60)
    session = plane.acquire(alice, "laptop", bearer(token)).json()["session_id"]

    plane.clock.advance(59)
    assert plane.heartbeat(session, bearer(token)).status_code == 200
    plane.clock.advance(1)

    assert problem(plane.heartbeat(session, bearer(token))) == (401, "invalid_token")


@pytest.mark.usefixtures("listening")
@pytest.mark.parametrize("deed", [membership.disable_member, membership.remove_member])
def test_a_member_who_is_disabled_or_removed_is_refused_at_once(
    plane: Plane, alice: Customer, deed: object
) -> None:
    TrustedIssuer.objects.update(membership=Membership.AUTOMATIC.value)
    plane.verifier.reload()
    headers = plane.as_user(alice)
    session = plane.acquire(alice, "laptop", headers).json()["session_id"]
    member = Member.across_tenants.get()
    _another_owner(alice)

    assert callable(deed)
    deed(tenant_id=alice.tenant.id, member_id=member.id, principal=OWNER)

    assert problem(plane.heartbeat(session, headers)) == (403, "missing_tenant")


def _another_owner(alice: Customer) -> None:
    with tenant_transaction(alice.tenant.id):
        Member.objects.create(
            tenant_id=alice.tenant.id,
            email="other@example.com",
            role=Role.OWNER.value,
            status=MemberStatus.ACTIVE.value,
        )


def test_the_second_call_with_a_token_asks_no_database(plane: Plane, alice: Customer) -> None:
    _, token = issued(plane, account(alice))
    assert plane.verifier.recall(token) is None
    plane.acquire(alice, "laptop", bearer(token))

    known = plane.verifier.recall(token)

    assert known is not None
    assert known.tenant_id == alice.tenant.id
