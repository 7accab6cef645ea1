"""What the door reads from the database."""

from uuid import UUID

from identity.errors import UnusableIssuer
from identity.issuers import Issuer, IssuerTable, issuer_keys
from identity.models import TrustedIssuer
from identity.rules import PrincipalKind, Role
from tenants.models import Tenant


def trusted_issuers() -> IssuerTable:
    """Return all enabled issuers.

    Raises UnusableIssuer, naming the row, when one cannot be used: a door that quietly forgets an
    issuer locks its people out and nobody knows why.
    """
    rows = TrustedIssuer.objects.filter(enabled=True).order_by("id")
    return IssuerTable(tuple(_issuer(row) for row in rows))


def tenant_exists(tenant_id: UUID) -> bool:
    """Return whether the tenant is in the database."""
    return Tenant.objects.filter(id=tenant_id).exists()


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
