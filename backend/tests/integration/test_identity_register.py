"""What the database says of a bearer: tenant, membership, role, service account."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db.models import QuerySet

from audit.models import AuditEvent
from identity import api_token, membership, service_accounts
from identity.claims import Claimed
from identity.errors import InvalidCredential, MissingTenant
from identity.models import ApiToken, Member, TenantAlias, TrustedIssuer
from identity.register import DatabaseRegister
from identity.rules import Membership, MemberStatus, Principal, PrincipalKind, Role
from tenants.models import Tenant
from tests.support.customer import PEPPERS

NOON = datetime(2027, 1, 15, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
NOBODY = UUID("00000000-0000-4000-8000-000000000000")
OWNER = "user:owner"
REGISTER = DatabaseRegister(PEPPERS)
Fields = dict[str, Any]


@pytest.fixture(params=["sqlite", "postgresql"])
def tenant(request: pytest.FixtureRequest) -> UUID:
    request.getfixturevalue("db" if request.param == "sqlite" else "postgres_db")
    return Tenant.objects.create(slug="acme", name="Acme").id


def claimed(tenant: UUID | None, **fields: Any) -> Claimed:
    given: Fields = {
        "issuer": "https://issuer.example",
        "row_id": 1,
        "kind": PrincipalKind.USER,
        "subject": "ann-1",
        "tenant_id": tenant,
        "tenant_name": None,
        "role": None,
        "membership": Membership.REQUIRED,
        "email": "ann@example.com",
        "is_staff": False,
    }
    return Claimed(**{**given, **fields})


def admit(tenant: UUID | None, now: datetime = NOON, **fields: Any) -> Principal:
    return REGISTER.admit(claimed(tenant, **fields), now=now)


def invite(tenant: UUID, role: Role = Role.ADMIN, email: str = "ann@example.com") -> Member:
    return membership.invite_member(tenant_id=tenant, email=email, role=role, principal=OWNER)


def present(tenant: UUID) -> QuerySet[Member]:
    removed = MemberStatus.REMOVED.value
    return Member.across_tenants.filter(tenant_id=tenant).exclude(status=removed)


def actions(tenant: UUID) -> list[str]:
    events = AuditEvent.across_tenants.filter(tenant_id=tenant).order_by("at")
    return [*events.values_list("action", flat=True)]


class TestMembersByInvitation:
    def test_the_first_sign_in_under_the_invited_address_joins(self, tenant: UUID) -> None:
        member = invite(tenant)

        principal = admit(tenant, is_staff=True)

        assert (principal.role, principal.member_id) == (Role.ADMIN, member.id)
        assert (principal.email, principal.is_staff) == ("ann@example.com", True)
        stored = present(tenant).get()
        assert (stored.status, stored.subject) == ("active", "ann-1")
        assert actions(tenant) == ["member.invited", "member.joined", "member.signed_in"]

    @pytest.mark.parametrize("email", [None, "eve@example.com"])
    def test_whoever_was_not_invited_is_no_member(self, tenant: UUID, email: str | None) -> None:
        invite(tenant)

        with pytest.raises(MissingTenant):
            admit(tenant, email=email)

        assert actions(tenant) == ["member.invited"]

    def test_an_invitation_is_taken_once(self, tenant: UUID) -> None:
        invite(tenant)
        admit(tenant)

        with pytest.raises(MissingTenant):
            admit(tenant, subject="another-account-of-that-address")
        with pytest.raises(MissingTenant):
            admit(tenant, issuer="https://another.example")

    def test_the_subject_is_what_counts_afterwards_and_not_the_address(self, tenant: UUID) -> None:
        invite(tenant)
        admit(tenant)

        assert admit(tenant, email="new@example.com").role is Role.ADMIN
        assert admit(tenant, email=None).role is Role.ADMIN

    @pytest.mark.parametrize("deed", [membership.disable_member, membership.remove_member])
    @pytest.mark.parametrize("needed", Membership)
    def test_whoever_is_disabled_or_removed_is_let_in_nowhere(
        self, tenant: UUID, deed: Any, needed: Membership
    ) -> None:
        member = invite(tenant)
        admit(tenant)
        deed(tenant_id=tenant, member_id=member.id, principal=OWNER)

        with pytest.raises(MissingTenant):
            admit(tenant, membership=needed, role=Role.OWNER)
        with pytest.raises(MissingTenant):  # nor under another account of the same address
            admit(tenant, membership=needed, role=Role.OWNER, subject="ann-2")

    def test_a_disabled_invitation_joins_nobody(self, tenant: UUID) -> None:
        member = invite(tenant)
        membership.disable_member(tenant_id=tenant, member_id=member.id, principal=OWNER)

        with pytest.raises(MissingTenant):
            admit(tenant)

    def test_a_new_role_counts_from_the_next_question_on(self, tenant: UUID) -> None:
        member = invite(tenant)
        admit(tenant)

        membership.change_role(
            tenant_id=tenant, member_id=member.id, role=Role.VIEWER, principal=OWNER
        )

        assert admit(tenant).role is Role.VIEWER

    def test_s11_a_member_of_one_tenant_is_none_of_another(self, tenant: UUID) -> None:
        other = Tenant.objects.create(slug="other", name="Other").id
        invite(tenant)
        admit(tenant)

        with pytest.raises(MissingTenant):
            admit(other)


class TestMembersByThemselves:
    def test_whoever_comes_is_enrolled_with_the_role_of_the_token(self, tenant: UUID) -> None:
        principal = admit(tenant, membership=Membership.AUTOMATIC, role=Role.MEMBER)

        stored = present(tenant).get()
        assert (principal.role, principal.member_id) == (Role.MEMBER, stored.id)
        assert (stored.email, stored.role, stored.status) == ("ann@example.com", "member", "active")
        assert actions(tenant) == ["member.joined", "member.signed_in"]

    def test_the_row_follows_the_token(self, tenant: UUID) -> None:
        admit(tenant, membership=Membership.AUTOMATIC, role=Role.MEMBER)

        assert admit(tenant, membership=Membership.AUTOMATIC, role=Role.ADMIN).role is Role.ADMIN

        assert present(tenant).get().role == "admin"

    def test_without_a_role_nobody_is_enrolled(self, tenant: UUID) -> None:
        with pytest.raises(MissingTenant):
            admit(tenant, membership=Membership.AUTOMATIC)

        assert not present(tenant).exists()

    def test_two_accounts_of_one_address_are_two_members(self, tenant: UUID) -> None:
        admit(tenant, membership=Membership.AUTOMATIC, role=Role.MEMBER)
        admit(tenant, membership=Membership.AUTOMATIC, role=Role.MEMBER, subject="ann-2")

        assert {m.email for m in present(tenant)} == {"ann@example.com", ""}

    def test_where_none_are_needed_none_are_made(self, tenant: UUID) -> None:
        principal = admit(tenant, membership=Membership.NONE, role=Role.OWNER)

        assert (principal.role, principal.member_id) == (Role.OWNER, None)
        assert actions(tenant) == []


class TestSignIns:
    def test_one_is_recorded_for_each_member_and_hour(self, tenant: UUID) -> None:
        invite(tenant)
        for minutes in range(0, 180, 10):
            admit(tenant, NOON + timedelta(minutes=minutes))

        assert actions(tenant).count("member.signed_in") == 3
        seen_at = present(tenant).get().last_seen_at
        assert seen_at == NOON + 2 * HOUR
        event = AuditEvent.across_tenants.filter(action="member.signed_in").first()
        assert event is not None
        assert event.principal == "user:ann-1"
        assert event.details["issuer"] == "https://issuer.example"

    def test_a_workload_is_no_member(self, tenant: UUID) -> None:
        principal = admit(tenant, kind=PrincipalKind.WORKLOAD, role=Role.MEMBER)

        assert principal.label == "workload:ann-1"
        assert actions(tenant) == []


class TestTenants:
    @pytest.fixture
    def row(self, tenant: UUID) -> int:
        row = TrustedIssuer.objects.create(issuer="i", audience="a", kind="user")
        TenantAlias.objects.create(trusted_issuer=row, name="acme-x7k2q", tenant_id=tenant)
        return row.pk

    def named(self, row: int, name: str, tenant: UUID | None = None) -> UUID:
        return admit(tenant, row_id=row, tenant_name=name, membership=Membership.NONE).tenant_id

    def test_an_issuers_name_of_a_tenant_means_what_is_mapped(self, tenant: UUID, row: int) -> None:
        assert self.named(row, "acme-x7k2q") == tenant
        assert self.named(row, "acme-x7k2q", tenant) == tenant

    def test_a_name_that_is_not_mapped_or_contradicts_is_no_tenants(self, row: int) -> None:
        other = Tenant.objects.create(slug="other", name="Other").id
        for name, said in (("acme", None), ("ACME-x7k2q", None), ("acme-x7k2q", other)):
            with pytest.raises(MissingTenant):
                self.named(row, name, said)

    def test_a_name_counts_for_its_own_issuer_alone(self, row: int) -> None:
        with pytest.raises(MissingTenant):
            self.named(row + 1, "acme-x7k2q")

    @pytest.mark.usefixtures("tenant")
    def test_a_tenant_that_is_not_here_is_told_apart(self) -> None:
        with pytest.raises(MissingTenant):
            admit(NOBODY, membership=Membership.NONE)


class TestApiTokens:
    @pytest.fixture
    def account(self, tenant: UUID) -> UUID:
        return service_accounts.create_service_account(
            tenant_id=tenant, name="ci", role=Role.MEMBER, principal=OWNER
        ).id

    def issued(self, tenant: UUID, account: UUID) -> tuple[ApiToken, api_token.ApiTokenText]:
        row, text = service_accounts.issue_token(
            tenant_id=tenant,
            account_id=account,
            lifetime_seconds=86_400,
            peppers=PEPPERS,
            principal=OWNER,
            now=NOON,
        )
        token = api_token.parse(text)
        assert token is not None
        return row, token

    def test_a_token_proves_account_tenant_and_role_until_its_end(
        self, tenant: UUID, account: UUID
    ) -> None:
        _, token = self.issued(tenant, account)

        principal, ends_at = REGISTER.bearer_of(token, now=NOON)

        assert principal.label == f"service_account:{account}"
        assert (principal.tenant_id, principal.role) == (tenant, Role.MEMBER)
        assert ends_at == NOON + timedelta(days=1)
        with pytest.raises(InvalidCredential):
            REGISTER.bearer_of(token, now=ends_at)

    def test_one_use_is_recorded_for_each_hour(self, tenant: UUID, account: UUID) -> None:
        _, token = self.issued(tenant, account)
        for minutes in range(0, 120, 10):
            REGISTER.bearer_of(token, now=NOON + timedelta(minutes=minutes))

        assert actions(tenant).count("service_account.signed_in") == 2

    def test_two_tokens_count_during_a_rotation(self, tenant: UUID, account: UUID) -> None:
        _, old = self.issued(tenant, account)
        _, text = service_accounts.rotate_token(
            tenant_id=tenant,
            account_id=account,
            lifetime_seconds=86_400,
            overlap_seconds=600,
            peppers=PEPPERS,
            principal=OWNER,
            now=NOON,
        )
        new = api_token.parse(text)
        assert new is not None

        assert REGISTER.bearer_of(old, now=NOON)[1] == NOON + timedelta(minutes=10)
        assert REGISTER.bearer_of(new, now=NOON)[0].subject == str(account)

    def test_a_token_that_was_revoked_or_whose_account_is_off_counts_no_more(
        self, tenant: UUID, account: UUID
    ) -> None:
        row, revoked = self.issued(tenant, account)
        _, other = self.issued(tenant, account)
        service_accounts.revoke_token(
            tenant_id=tenant, account_id=account, token_id=row.id, principal=OWNER
        )
        with pytest.raises(InvalidCredential):
            REGISTER.bearer_of(revoked, now=NOON)
        assert REGISTER.bearer_of(other, now=NOON)

        service_accounts.change_service_account(
            tenant_id=tenant, account_id=account, enabled=False, principal=OWNER
        )
        with pytest.raises(InvalidCredential):
            REGISTER.bearer_of(other, now=NOON)

    def test_s11_a_token_that_names_another_tenant_is_nobodys(
        self, tenant: UUID, account: UUID
    ) -> None:
        other = Tenant.objects.create(slug="other", name="Other").id
        _, token = self.issued(tenant, account)
        moved = api_token.ApiTokenText(token.text, other)

        with pytest.raises(InvalidCredential):
            REGISTER.bearer_of(moved, now=NOON)

    def test_a_made_up_token_is_nobodys(self, tenant: UUID) -> None:
        with pytest.raises(InvalidCredential):
            REGISTER.bearer_of(api_token.write(tenant_id=tenant, randomness=bytes(20)), now=NOON)


def test_nothing_of_a_token_can_be_read_back(db: Path) -> None:
    tenant = Tenant.objects.create(slug="acme", name="Acme").id
    account = service_accounts.create_service_account(
        tenant_id=tenant, name="ci", role=Role.MEMBER, principal=OWNER
    )
    _, text = service_accounts.issue_token(
        tenant_id=tenant,
        account_id=account.id,
        lifetime_seconds=60,
        peppers=PEPPERS,
        principal=OWNER,
    )

    written = b"".join(path.read_bytes() for path in db.parent.glob("license.sqlite3*"))
    secret = text[len(api_token.PREFIX) + 26 :]
    assert str(account.id).replace("-", "").encode() in written
    assert secret.encode() not in written
