"""Who belongs to a tenant besides its programs: a member, and a service account with a token."""

from uuid import UUID

from identity import membership, service_accounts
from identity.rules import Role
from tests.support.customer import PEPPERS, VENDOR


def invite_and_issue(tenant_id: UUID) -> str:
    """Invite a member and issue a token to a new service account; return the token."""
    membership.invite_member(
        tenant_id=tenant_id, email="ann@example.com", role=Role.MEMBER, principal=VENDOR
    )
    account = service_accounts.create_service_account(
        tenant_id=tenant_id, name="ci", role=Role.MEMBER, principal=VENDOR
    )
    _, token = service_accounts.issue_token(
        tenant_id=tenant_id,
        account_id=account.id,
        lifetime_seconds=3_600,
        peppers=PEPPERS,
        principal=VENDOR,
    )
    return token
