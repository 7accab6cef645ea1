"""The register with the login of production: below the walls, neither owner nor superuser."""

from datetime import UTC, datetime

from identity import api_token, membership, service_accounts
from identity.claims import Claimed
from identity.models import TenantAlias, TrustedIssuer
from identity.queries import trusted_issuers
from identity.register import DatabaseRegister
from identity.rules import Membership, PrincipalKind, Role
from tenants.models import Tenant
from tests.support.customer import PEPPERS
from tests.support.postgres import as_control, django_on

NOON = datetime(2027, 1, 15, 12, tzinfo=UTC)
OWNER = "user:owner"


def person(row: TrustedIssuer) -> Claimed:
    return Claimed(
        issuer=row.issuer,
        row_id=row.pk,
        kind=PrincipalKind.USER,
        subject="ann-1",
        tenant_id=None,
        tenant_name="acme-x7k2q",
        role=None,
        membership=Membership.REQUIRED,
        email="ann@example.com",
        is_staff=False,
    )


def test_s11_people_and_programs_are_let_in_by_a_login_that_sees_no_row_of_its_own(
    postgres_db: str,
) -> None:
    tenant = Tenant.objects.create(slug="acme", name="Acme")
    row = TrustedIssuer.objects.create(
        issuer="https://id.example", audience="app", kind="user", enabled=False
    )
    TenantAlias.objects.create(trusted_issuer=row, name="acme-x7k2q", tenant_id=tenant.id)
    register = DatabaseRegister(PEPPERS)

    with django_on(as_control(postgres_db)):
        assert trusted_issuers().issuers == ()
        invited = membership.invite_member(
            tenant_id=tenant.id, email="ann@example.com", role=Role.ADMIN, principal=OWNER
        )
        account = service_accounts.create_service_account(
            tenant_id=tenant.id, name="ci", role=Role.MEMBER, principal=OWNER
        )
        _, text = service_accounts.rotate_token(
            tenant_id=tenant.id,
            account_id=account.id,
            lifetime_seconds=3_600,
            overlap_seconds=0,
            peppers=PEPPERS,
            principal=OWNER,
            now=NOON,
        )
        token = api_token.parse(text)
        assert token is not None

        member = register.admit(person(row), now=NOON)
        program, _ = register.bearer_of(token, now=NOON)

        assert (member.member_id, member.role) == (invited.id, Role.ADMIN)
        assert (program.tenant_id, program.role) == (tenant.id, Role.MEMBER)
        membership.disable_member(tenant_id=tenant.id, member_id=invited.id, principal=OWNER)
        service_accounts.delete_service_account(
            tenant_id=tenant.id, account_id=account.id, principal=OWNER
        )
