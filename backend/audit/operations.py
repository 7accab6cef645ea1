"""Writing audit records from the control plane."""

from typing import Any
from uuid import UUID

from audit.models import AuditEvent


def record(
    action: str,
    *,
    tenant_id: UUID,
    principal: str,
    license_id: UUID | None = None,
    session_id: UUID | None = None,
    **details: Any,
) -> AuditEvent:
    """Append one audit record; called inside the transaction of the change it records (S15).

    ``principal`` is ``kind:subject``. ``details`` are JSON values and never hold secrets; that
    is not checked.
    """
    return AuditEvent.objects.create(
        tenant_id=tenant_id,
        action=action,
        principal=principal,
        license_id=license_id,
        session_id=session_id,
        details=details,
    )
