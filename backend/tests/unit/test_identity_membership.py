"""Who belongs to a tenant, and its service accounts: each deed with its record and its notice."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db.models import QuerySet

from audit.models import AuditEvent
from foundation.peppers import Peppers
from identity import membership, service_accounts
from identity.errors import (
    ApiTokenUnknown,
    InvalidEmail,
    InvalidLifetime,
    LastOwner,
    MemberExists,
    MemberUnknown,
    ServiceAccountExists,
    ServiceAccountUnknown,
    TooManyApiTokens,
)
from identity.models import ApiToken, Member, ServiceAccount
from identity.rules import MemberStatus, Role
from soft_state.notices import BOARD, Topic
from tenants.current import tenant_transaction
from tenants.models import Tenant

OWNER = "user:owner"
NOBODY = UUID("00000000-0000-4000-8000-000000000000")
PEPPERS = Peppers({1: b"pepper-of-the-tests-".ljust(32, b".")})
NOON = datetime(2027, 1, 15, 12, tzinfo=UTC)
WEEK = 7 * 86_400


@pytest.fixture
def tenant(db: Path) -> UUID:
    return Tenant.objects.create(slug="acme", name="Acme").id


@pytest.fixture
def other(tenant: UUID) -> UUID:
    return Tenant.objects.create(slug="other", name="Other").id


@pytest.fixture
def notices(tenant: UUID) -> Iterator[list[Topic]]:
    heard: list[Topic] = []
    stop = BOARD.listen(Topic.CREDENTIALS, lambda: heard.append(Topic.CREDENTIALS))
    yield heard
    stop()


def invite(tenant: UUID, email: str = "ann@example.com", role: Role = Role.MEMBER) -> Member:
    return membership.invite_member(tenant_id=tenant, email=email, role=role, principal=OWNER)


def join(member: Member, subject: str) -> Member:
    member.issuer, member.subject = "https://issuer.example", subject
    member.status = MemberStatus.ACTIVE.value
    with tenant_transaction(member.tenant_id):
        member.save()
    return member


def present(tenant: UUID) -> QuerySet[Member]:
    removed = MemberStatus.REMOVED.value
    return Member.across_tenants.filter(tenant_id=tenant).exclude(status=removed)


def actions(tenant: UUID) -> list[str]:
    return [
        *AuditEvent.across_tenants.filter(tenant_id=tenant)
        .order_by("at")
        .values_list("action", flat=True)
    ]


class TestInvitations:
    def test_an_invited_person_is_known_by_the_address_alone(self, tenant: UUID) -> None:
        member = invite(tenant, "Ann@Example.COM", Role.ADMIN)

        stored = present(tenant).get()
        assert (stored.email, stored.role, stored.status) == ("ann@example.com", "admin", "invited")
        assert (stored.issuer, stored.subject, stored.invited_by) == ("", "", OWNER)
        event = AuditEvent.across_tenants.get(tenant_id=tenant)
        assert (event.action, event.principal) == ("member.invited", OWNER)
        assert event.details == {"member_id": str(member.id), "role": "admin"}

    def test_an_address_is_invited_once_in_each_tenant(self, tenant: UUID, other: UUID) -> None:
        invite(tenant)
        invite(other)

        with pytest.raises(MemberExists):
            invite(tenant, "ANN@example.com")

    def test_whoever_was_removed_is_invited_anew_and_known_by_the_address_alone(
        self, tenant: UUID
    ) -> None:
        member = join(invite(tenant), "ann-1")
        membership.remove_member(tenant_id=tenant, member_id=member.id, principal=OWNER)

        again = invite(tenant, role=Role.VIEWER)

        assert again.id == member.id
        assert (again.status, again.subject, again.role) == ("invited", "", "viewer")

    @pytest.mark.parametrize(
        "email",
        [
            *("", "ann", "ann@", "@example.com", "ann@example", "a b@example.com"),
            *("ann@example.com\n", "\u212aate@example.com", "ann@ex\u00e4mple.com"),
            *("ann@example..com", "a@" + "b" * 260 + ".c"),
        ],
    )
    def test_what_is_no_address_is_refused(self, tenant: UUID, email: str) -> None:
        with pytest.raises(InvalidEmail):
            invite(tenant, email)

        assert actions(tenant) == []


class TestMembers:
    def test_every_deed_has_its_record_and_its_notice(
        self, tenant: UUID, notices: list[Topic]
    ) -> None:
        member = join(invite(tenant), "ann-1")
        deed: dict[str, Any] = {"tenant_id": tenant, "member_id": member.id, "principal": OWNER}
        membership.change_role(role=Role.ADMIN, **deed)
        assert membership.disable_member(**deed).status == "disabled"
        assert membership.enable_member(**deed).status == "active"
        assert membership.remove_member(**deed).status == "removed"

        assert actions(tenant) == [
            "member.invited",
            "member.role_changed",
            "member.disabled",
            "member.enabled",
            "member.removed",
        ]
        assert len(notices) == 5
        assert not present(tenant).exists()
        assert Member.across_tenants.filter(
            tenant_id=tenant
        ).exists()  # a removed row shuts the door

    def test_a_disabled_invitation_is_open_again_when_enabled(self, tenant: UUID) -> None:
        deed: dict[str, Any] = {
            "tenant_id": tenant,
            "member_id": invite(tenant).id,
            "principal": OWNER,
        }
        membership.disable_member(**deed)

        assert membership.enable_member(**deed).status == "invited"

    def test_a_tenant_keeps_one_active_owner(self, tenant: UUID) -> None:
        first = join(invite(tenant, "one@example.com", Role.OWNER), "one")
        second = join(invite(tenant, "two@example.com", Role.OWNER), "two")
        membership.disable_member(tenant_id=tenant, member_id=second.id, principal=OWNER)

        deed: dict[str, Any] = {"tenant_id": tenant, "member_id": first.id, "principal": OWNER}
        with pytest.raises(LastOwner):
            membership.disable_member(**deed)
        with pytest.raises(LastOwner):
            membership.remove_member(**deed)
        with pytest.raises(LastOwner):
            membership.change_role(role=Role.ADMIN, **deed)

        stored = Member.across_tenants.get(tenant_id=tenant, id=first.id)
        assert (stored.role, stored.status) == ("owner", "active")
        assert actions(tenant)[-1] == "member.disabled"

    def test_s11_a_member_of_another_tenant_is_unknown(self, tenant: UUID, other: UUID) -> None:
        foreign = invite(other)

        for member_id in (foreign.id, NOBODY):
            with pytest.raises(MemberUnknown):
                membership.remove_member(tenant_id=tenant, member_id=member_id, principal=OWNER)

    def test_a_removed_member_cannot_be_enabled(self, tenant: UUID) -> None:
        deed: dict[str, Any] = {
            "tenant_id": tenant,
            "member_id": invite(tenant).id,
            "principal": OWNER,
        }
        membership.remove_member(**deed)

        with pytest.raises(MemberUnknown):
            membership.enable_member(**deed)


class TestServiceAccounts:
    @pytest.fixture
    def account(self, tenant: UUID) -> ServiceAccount:
        return service_accounts.create_service_account(
            tenant_id=tenant, name="ci", role=Role.MEMBER, principal=OWNER
        )

    def issue(self, account: ServiceAccount, now: datetime = NOON) -> tuple[ApiToken, str]:
        return service_accounts.issue_token(
            tenant_id=account.tenant_id,
            account_id=account.id,
            lifetime_seconds=WEEK,
            peppers=PEPPERS,
            principal=OWNER,
            now=now,
        )

    def rotate(
        self, account: ServiceAccount, now: datetime, overlap_seconds: int = 3_600
    ) -> tuple[ApiToken, str]:
        return service_accounts.rotate_token(
            tenant_id=account.tenant_id,
            account_id=account.id,
            lifetime_seconds=WEEK,
            overlap_seconds=overlap_seconds,
            peppers=PEPPERS,
            principal=OWNER,
            now=now,
        )

    def counting(self, account: ServiceAccount, now: datetime) -> int:
        tokens = ApiToken.across_tenants.filter(service_account_id=account.id)
        return tokens.filter(revoked_at=None, expires_at__gt=now).count()

    def test_a_token_is_shown_once_and_stored_as_an_hmac(self, account: ServiceAccount) -> None:
        row, text = self.issue(account)

        stored = ApiToken.across_tenants.get(tenant_id=account.tenant_id)
        assert text not in " ".join(str(value) for value in stored.__dict__.values())
        assert stored.hint == text[-4:]
        assert stored.expires_at == NOON + timedelta(seconds=WEEK)
        event = AuditEvent.across_tenants.filter(action="api_token.issued").get()
        assert event.details["token_id"] == str(row.id)
        assert text not in str(event.details)

    def test_two_tokens_count_and_no_third(self, account: ServiceAccount) -> None:
        self.issue(account)
        self.issue(account)

        with pytest.raises(TooManyApiTokens):
            self.issue(account)
        assert self.issue(account, NOON + timedelta(seconds=WEEK))

    def test_a_rotation_leaves_the_newest_for_the_overlap_and_ends_older_ones(
        self, account: ServiceAccount
    ) -> None:
        oldest, _ = self.issue(account)
        newest, _ = self.issue(account, NOON + timedelta(seconds=1))
        now = NOON + timedelta(seconds=2)

        self.rotate(account, now)

        assert self.counting(account, now) == 2
        assert (
            ApiToken.across_tenants.get(tenant_id=oldest.tenant_id, id=oldest.id).expires_at == now
        )
        ends_at = ApiToken.across_tenants.get(tenant_id=newest.tenant_id, id=newest.id).expires_at
        assert ends_at == now + timedelta(seconds=3_600)
        assert self.counting(account, ends_at) == 1

    def test_a_rotation_without_overlap_ends_the_old_one_at_once(
        self, account: ServiceAccount
    ) -> None:
        self.issue(account)

        self.rotate(account, NOON, overlap_seconds=0)

        assert self.counting(account, NOON) == 1

    def test_a_rotation_never_prolongs_a_token(self, account: ServiceAccount) -> None:
        row, _ = self.issue(account)
        now = row.expires_at - timedelta(seconds=10)

        self.rotate(account, now)

        again = ApiToken.across_tenants.get(tenant_id=row.tenant_id, id=row.id)
        assert again.expires_at == row.expires_at

    def test_a_first_token_may_come_by_rotation(self, account: ServiceAccount) -> None:
        self.rotate(account, NOON)

        assert self.counting(account, NOON) == 1

    @pytest.mark.parametrize(
        ("life", "overlap"), [(59, 0), (366 * 86_400 + 1, 0), (60, -1), (60, WEEK + 1)]
    )
    def test_lives_and_overlaps_out_of_bounds_are_refused(
        self, account: ServiceAccount, life: int, overlap: int
    ) -> None:
        with pytest.raises(InvalidLifetime):
            service_accounts.rotate_token(
                tenant_id=account.tenant_id,
                account_id=account.id,
                lifetime_seconds=life,
                overlap_seconds=overlap,
                peppers=PEPPERS,
                principal=OWNER,
            )

    def test_revoking_is_recorded_once(self, account: ServiceAccount) -> None:
        row, _ = self.issue(account)
        deed: dict[str, Any] = {
            "tenant_id": account.tenant_id,
            "account_id": account.id,
            "token_id": row.id,
        }

        service_accounts.revoke_token(principal=OWNER, now=NOON, **deed)
        service_accounts.revoke_token(principal=OWNER, now=NOON, **deed)

        assert actions(account.tenant_id).count("api_token.revoked") == 1
        assert self.counting(account, NOON) == 0
        with pytest.raises(ApiTokenUnknown):
            service_accounts.revoke_token(principal=OWNER, **{**deed, "token_id": NOBODY})

    def test_what_changes_is_recorded_and_what_does_not_is_not(
        self, account: ServiceAccount
    ) -> None:
        deed: dict[str, Any] = {
            "tenant_id": account.tenant_id,
            "account_id": account.id,
            "principal": OWNER,
        }
        service_accounts.change_service_account(name="ci", enabled=True, **deed)
        service_accounts.change_service_account(role=Role.ADMIN, enabled=False, **deed)

        event = AuditEvent.across_tenants.filter(action="service_account.changed").get()
        assert event.details == {
            "service_account_id": str(account.id),
            "role": "admin",
            "enabled": False,
        }

    def test_a_name_is_free_again_once_its_account_is_deleted(
        self, account: ServiceAccount, other: UUID
    ) -> None:
        make = service_accounts.create_service_account
        make(tenant_id=other, name="ci", role=Role.MEMBER, principal=OWNER)
        with pytest.raises(ServiceAccountExists):
            make(tenant_id=account.tenant_id, name="ci", role=Role.ADMIN, principal=OWNER)
        self.issue(account)

        service_accounts.delete_service_account(
            tenant_id=account.tenant_id, account_id=account.id, principal=OWNER
        )

        make(tenant_id=account.tenant_id, name="ci", role=Role.ADMIN, principal=OWNER)
        assert not ApiToken.across_tenants.exists()

    def test_s11_an_account_of_another_tenant_is_unknown(
        self, account: ServiceAccount, other: UUID
    ) -> None:
        with pytest.raises(ServiceAccountUnknown):
            service_accounts.delete_service_account(
                tenant_id=other, account_id=account.id, principal=OWNER
            )
