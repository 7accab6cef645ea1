"""What staff look at: tables of one tenant each, newest first. Nothing here changes anything.

Rows are read in the tenant's own transaction, so the walls hold for staff too; one query for each
page. Shown are no hashes, no metadata and no more of a key than its hint.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from django.db.models import Model
from django.http import Http404, HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse

from audit.models import AuditEvent
from coditect_license.staff.deeds import DEEDS_OF_STATUS
from leasing.models import LicenseSession
from licenses.models import License
from tenants.current import tenant_transaction
from tenants.models import Tenant

ROWS: Final = 100
Context = dict[str, Any]
Row = tuple[Sequence[object], Sequence[tuple[str, str]]]
"""The cells of a row, and its links by their text."""


def tenants(request: HttpRequest, context: Context) -> TemplateResponse:
    """Show all tenants, by name, with the ways to what is theirs."""
    found = Tenant.objects.order_by("slug")
    rows = [((one.slug, one.name, one.created_at), _ways(one.id)) for one in _some(request, found)]
    return _table(request, context, "Tenants", ("slug", "name", "since"), rows)


def licenses(request: HttpRequest, context: Context, tenant_id: UUID) -> TemplateResponse:
    """Show the licenses of a tenant, each with the deeds that its status allows."""
    tenant = _tenant(tenant_id)
    with tenant_transaction(tenant_id):
        found = _some(request, License.objects.select_related("product").order_by("-id"))
    rows: list[Row] = [
        (
            (f"…{one.key_hint}", one.product.code, one.tier, one.seats, one.status, one.expires_at),
            [(deed, _deed(tenant_id, one.id, deed)) for deed in DEEDS_OF_STATUS[one.status]],
        )
        for one in found
    ]
    columns = ("key", "product", "tier", "seats", "status", "until")
    return _table(request, context, f"Licenses of {tenant}", columns, rows)


def sessions(request: HttpRequest, context: Context, tenant_id: UUID) -> TemplateResponse:
    """Show who holds or held seats of a tenant."""
    tenant = _tenant(tenant_id)
    with tenant_transaction(tenant_id):
        found = _some(request, LicenseSession.objects.order_by("-id").defer("metadata"))
    rows: list[Row] = [
        ((one.id, one.principal, one.slot, one.started_at, one.ended_at, one.end_reason), ())
        for one in found
    ]
    columns = ("session", "who", "seat", "since", "ended", "why")
    return _table(request, context, f"Sessions of {tenant}", columns, rows)


def records(request: HttpRequest, context: Context, tenant_id: UUID) -> TemplateResponse:
    """Show what happened to a tenant's things; the details stay in the audit."""
    tenant = _tenant(tenant_id)
    with tenant_transaction(tenant_id):
        found = _some(request, AuditEvent.objects.order_by("-id"))
    rows: list[Row] = [
        ((one.at, one.action, one.principal, one.license_id, one.session_id), ()) for one in found
    ]
    columns = ("at", "what", "who", "license", "session")
    return _table(request, context, f"Records of {tenant}", columns, rows)


OF_TENANT: Final[dict[str, Callable[..., TemplateResponse]]] = {
    "licenses": licenses,
    "sessions": sessions,
    "records": records,
}


def _tenant(tenant_id: UUID) -> Tenant:
    tenant = Tenant.objects.filter(id=tenant_id).first()
    if tenant is None:
        raise Http404
    return tenant


def _some(request: HttpRequest, found: Any) -> list[Any]:
    """Return the rows of the page asked for, and one more if there are any behind it."""
    first = (_page(request) - 1) * ROWS
    rows: Iterable[Model] = found[first : first + ROWS + 1]
    return list(rows)


def _page(request: HttpRequest) -> int:
    asked = request.GET.get("page", "1")
    return int(asked) if asked.isascii() and asked.isdigit() and 0 < len(asked) < 5 else 1


def _ways(tenant_id: UUID) -> list[tuple[str, str]]:
    return [(name, reverse(f"admin:{name}", args=[tenant_id])) for name in OF_TENANT]


def _deed(tenant_id: UUID, license_id: UUID, deed: str) -> str:
    return reverse("admin:deed", args=[tenant_id, license_id, deed])


def _table(
    request: HttpRequest, context: Context, title: str, columns: Sequence[str], rows: Sequence[Any]
) -> TemplateResponse:
    page = _page(request)
    shown = {
        **context,
        "title": title,
        "columns": columns,
        "rows": rows[:ROWS],
        "newer": max(page - 1, 0),
        "older": page + 1 if len(rows) > ROWS else 0,
    }
    return TemplateResponse(request, "staff/table.html", shown)
