"""What a vendor does with a customer as a whole. Each deed is one transaction with its records."""

from uuid import UUID

from django.db.models import QuerySet

from audit.operations import record
from foundation.clock import utc_now
from licenses.models import License
from licenses.operations import reinstate, suspend
from licenses.rules import LicenseStatus
from soft_state.notices import BOARD, Topic
from tenants.current import tenant_transaction
from tenants.models import Tenant


def rename_tenant(*, tenant_id: UUID, name: str, principal: str) -> Tenant:
    """Give a tenant another name for people to read; its slug stays. Raises Tenant.DoesNotExist."""
    with tenant_transaction(tenant_id):
        tenant = _locked(tenant_id)
        before, tenant.name = tenant.name, name
        tenant.save(update_fields=["name"])
        record("tenant.renamed", tenant_id=tenant_id, principal=principal, before=before, name=name)
    return tenant


def suspend_tenant(*, tenant_id: UUID, principal: str) -> Tenant:
    """Shut the door to everybody of a tenant, and suspend each license of it that is active.

    Servers follow as they do when a license is suspended, and refuse sign-ins within 90 s at the
    latest, at once where they hear notices. Again changes nothing. Raises Tenant.DoesNotExist.
    """
    with tenant_transaction(tenant_id):
        tenant = _locked(tenant_id)
        if tenant.suspended_at is None:
            active = _licenses(tenant_id).filter(status=LicenseStatus.ACTIVE.value)
            for license_ in active:
                suspend(license=license_, principal=principal)
            tenant.suspended_at = utc_now()
            tenant.suspended_licenses = [str(license_.id) for license_ in active]
            _save_suspension(tenant)
            record("tenant.suspended", tenant_id=tenant_id, principal=principal)
    return tenant


def resume_tenant(*, tenant_id: UUID, principal: str) -> Tenant:
    """End a tenant's suspension, and that of the licenses that were suspended with it.

    One that was revoked meanwhile stays so. Again changes nothing. Raises Tenant.DoesNotExist.
    """
    with tenant_transaction(tenant_id):
        tenant = _locked(tenant_id)
        if tenant.suspended_at is not None:
            asleep = _licenses(tenant_id).filter(
                id__in=tenant.suspended_licenses, status=LicenseStatus.SUSPENDED.value
            )
            for license_ in asleep:
                reinstate(license=license_, principal=principal)
            tenant.suspended_at, tenant.suspended_licenses = None, []
            _save_suspension(tenant)
            record("tenant.resumed", tenant_id=tenant_id, principal=principal)
    return tenant


def _locked(tenant_id: UUID) -> Tenant:
    return Tenant.objects.select_for_update().get(id=tenant_id)


def _licenses(tenant_id: UUID) -> QuerySet[License]:
    return License.objects.select_for_update().filter(tenant_id=tenant_id).order_by("id")


def _save_suspension(tenant: Tenant) -> None:
    tenant.save(update_fields=["suspended_at", "suspended_licenses"])
    BOARD.announce(Topic.ISSUERS, about=tenant.id)
