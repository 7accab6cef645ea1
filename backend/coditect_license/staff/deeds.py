"""What staff may do to a license: operations as everywhere, with the same audit records."""

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.urls import reverse

from licenses import operations
from licenses.models import License
from tenants.current import tenant_transaction

DEEDS_OF_STATUS: Final = {
    "active": ("suspend", "revoke"),
    "suspended": ("reinstate", "revoke"),
    "revoked": (),
}
_DEEDS: Final[dict[str, Callable[..., None]]] = {
    "suspend": operations.suspend,
    "reinstate": operations.reinstate,
    "revoke": operations.revoke,
}


def of_license(
    request: HttpRequest, context: dict[str, Any], tenant_id: UUID, license_id: UUID, deed: str
) -> HttpResponse:
    """Ask first (GET), then do it (POST) in the name of who is signed in."""
    if request.method not in {"GET", "HEAD", "POST"}:
        return HttpResponseNotAllowed(["GET", "POST"])
    back = reverse("admin:licenses", args=[tenant_id])
    with tenant_transaction(tenant_id):
        license_ = License.objects.filter(id=license_id).first()
        if license_ is None or deed not in DEEDS_OF_STATUS[license_.status]:
            raise Http404
        if request.method == "POST":
            _DEEDS[deed](license=license_, principal=f"staff:{request.user.get_username()}")
            return redirect(back)
    shown = {**context, "title": f"{deed} license …{license_.key_hint}", "deed": deed, "back": back}
    return render(request, "staff/deed.html", shown)
