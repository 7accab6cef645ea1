"""What the door reads from the database."""

from uuid import UUID

from django.db.models import QuerySet

from identity.conditions import read_admissions, read_conditions
from identity.errors import UnusableIssuer
from identity.fetched_keys import KeySources
from identity.issuers import (
    DEVELOPMENT_SUFFIX,
    Issuer,
    IssuerTable,
    Keys,
    allowed_algorithms,
    issuer_keys,
)
from identity.key_address import KeyAddress
from identity.models import ApiToken, Member, ServiceAccount, TrustedIssuer
from identity.presets import Preset, require_sound
from identity.rules import Membership, MemberStatus, PrincipalKind, Role


def trusted_issuers(sources: KeySources | None = None) -> IssuerTable:
    """Return all enabled issuers; ``sources`` fetch the keys of those that publish them.

    Raises UnusableIssuer, naming the row, when one cannot be used: a door that quietly forgets an
    issuer locks its people out and nobody knows why. Fetches nothing.
    """
    return _table(TrustedIssuer.objects.filter(enabled=True), sources)


def trusted_issuers_in_production(sources: KeySources | None = None) -> IssuerTable:
    """Return all enabled issuers but the development issuers, enabled or not.

    Whoever reads the key file of one would be the owner of every tenant. Raises UnusableIssuer.
    """
    rows = TrustedIssuer.objects.filter(enabled=True)
    return _table(rows.exclude(issuer__endswith=DEVELOPMENT_SUFFIX), sources)


def members(*, tenant_id: UUID) -> QuerySet[Member]:
    """Return the members of the current tenant, those who were removed left out."""
    present = Member.objects.filter(tenant_id=tenant_id)
    return present.exclude(status=MemberStatus.REMOVED.value)


def service_accounts(*, tenant_id: UUID) -> QuerySet[ServiceAccount]:
    """Return the service accounts of the current tenant."""
    return ServiceAccount.objects.filter(tenant_id=tenant_id)


def api_tokens(*, tenant_id: UUID, account_id: UUID) -> QuerySet[ApiToken]:
    """Return every token of a service account, those that count no more among them.

    Within a transaction of the tenant, as the others.
    """
    return ApiToken.objects.filter(tenant_id=tenant_id, service_account_id=account_id)


def usable_issuer(row: TrustedIssuer, sources: KeySources | None = None) -> Issuer:
    """Return the issuer that a row describes. Raises UnusableIssuer, naming the row."""
    try:
        issuer = _issuer(row, sources)
        require_sound(issuer)
    except (UnusableIssuer, ValueError) as mistake:
        raise UnusableIssuer(f"trusted issuer {row}: {mistake}") from mistake
    return issuer


def _table(rows: QuerySet[TrustedIssuer], sources: KeySources | None) -> IssuerTable:
    return IssuerTable(tuple(usable_issuer(row, sources) for row in rows.order_by("id")))


def _issuer(row: TrustedIssuer, sources: KeySources | None) -> Issuer:
    return Issuer(
        issuer=row.issuer,
        row_id=row.pk,
        other_names=_texts(row.other_names),
        audience=row.audience,
        kind=PrincipalKind(row.kind),
        preset=Preset(row.preset).value,
        keys=_keys(row, sources),
        tenant_claim=row.tenant_claim,
        maps_tenant_names=row.maps_tenant_names,
        role_claim=row.role_claim,
        default_role=Role(row.default_role) if row.default_role else None,
        membership=Membership(row.membership),
        staff_claim=row.staff_claim,
        required=read_conditions(row.required_claims),
        admissions=read_admissions(row.admissions),
    )


def _keys(row: TrustedIssuer, sources: KeySources | None) -> Keys:
    """Return keys that are in the row, or that are fetched; a row says one of the two."""
    is_fetched = bool(row.jwks_uri) or row.discovery
    if not is_fetched:
        return issuer_keys(row.jwks, row.algorithms)
    if row.jwks or (row.jwks_uri and row.discovery):
        raise UnusableIssuer("keys are inline, at an address or discovered: one of the three")
    if sources is None:
        raise UnusableIssuer("its keys would have to be fetched")
    algorithms = allowed_algorithms(row.algorithms)
    return sources.keys_of(KeyAddress(row.issuer, row.jwks_uri, algorithms))


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(text, str) and text for text in value):
        raise UnusableIssuer("other names are a list of texts")
    return tuple(value)
