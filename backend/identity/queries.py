"""What the door reads from the database."""

from uuid import UUID

from django.db.models import QuerySet

from identity.errors import UnusableIssuer
from identity.issuers import DEVELOPMENT_SUFFIX, Issuer, IssuerTable, issuer_keys
from identity.models import ApiToken, Member, ServiceAccount, TrustedIssuer
from identity.rules import MemberStatus, PrincipalKind, Role
from tenants.models import Tenant


def trusted_issuers() -> IssuerTable:
    """Return all enabled issuers.

    Raises UnusableIssuer, naming the row, when one cannot be used: a door that quietly forgets an
    issuer locks its people out and nobody knows why.
    """
    return _table(TrustedIssuer.objects.filter(enabled=True))


def trusted_issuers_in_production() -> IssuerTable:
    """Return all enabled issuers but the development issuers, enabled or not.

    Whoever reads the key file of one would be the owner of every tenant. Raises UnusableIssuer.
    """
    rows = TrustedIssuer.objects.filter(enabled=True)
    return _table(rows.exclude(issuer__endswith=DEVELOPMENT_SUFFIX))


def tenant_exists(tenant_id: UUID) -> bool:
    """Return whether the tenant is in the database."""
    return Tenant.objects.filter(id=tenant_id).exists()


def members(*, tenant_id: UUID) -> QuerySet[Member]:
    """Return a tenant's members, those who were removed left out."""
    present = Member.objects.filter(tenant_id=tenant_id)
    return present.exclude(status=MemberStatus.REMOVED.value)


def service_accounts(*, tenant_id: UUID) -> QuerySet[ServiceAccount]:
    """Return a tenant's service accounts."""
    return ServiceAccount.objects.filter(tenant_id=tenant_id)


def api_tokens(*, tenant_id: UUID, account_id: UUID) -> QuerySet[ApiToken]:
    """Return every token of a service account, those that count no more among them."""
    return ApiToken.objects.filter(tenant_id=tenant_id, service_account_id=account_id)


def _table(rows: QuerySet[TrustedIssuer]) -> IssuerTable:
    return IssuerTable(tuple(_issuer(row) for row in rows.order_by("id")))


def _issuer(row: TrustedIssuer) -> Issuer:
    try:
        keys = issuer_keys(row.jwks, row.algorithms)
    except UnusableIssuer as mistake:
        raise UnusableIssuer(f"trusted issuer {row}: {mistake}") from mistake
    return Issuer(
        issuer=row.issuer,
        audience=row.audience,
        kind=PrincipalKind(row.kind),
        keys=keys,
        tenant_claim=row.tenant_claim,
        role_claim=row.role_claim,
        default_role=Role(row.default_role) if row.default_role else None,
    )
