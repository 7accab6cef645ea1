"""Who may see the staff's pages, and how they sign in: Django's own accounts, by a session.

Accounts are made by ``manage.py createsuperuser``. A wrong password waits as any failed credential
does (``coditect_license.abuse``); nobody is locked out.
"""

from typing import Any, Final

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path

from coditect_license.refusals import note_failed_credential
from coditect_license.staff import deeds, pages


class StaffSite(AdminSite):
    """Django's admin with pages of our own: it cannot show tables of composite keys itself."""

    site_header = site_title = "License staff"
    index_title = "Tenants"
    enable_nav_sidebar = False

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Sign somebody in. A form that comes back has failed."""
        response = super().login(request, extra_context)
        if request.method == "POST" and not isinstance(response, HttpResponseRedirect):
            note_failed_credential(request)
        return response

    def index(
        self,
        request: HttpRequest,
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002 (the signature is Django's)
    ) -> TemplateResponse:
        """Show all tenants."""
        return pages.tenants(request, self.each_context(request))

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Return the addresses of Django's sign-in and of our pages, each behind the sign-in."""
        of_tenant = "tenants/<uuid:tenant_id>"
        deed = f"{of_tenant}/licenses/<uuid:license_id>/<slug:deed>/"
        ours = [
            path(f"{of_tenant}/{name}/", self.admin_view(self._page(page)), name=name)
            for name, page in pages.OF_TENANT.items()
        ]
        deeds_ = path(deed, self.admin_view(self._page(deeds.of_license)), name="deed")
        return [*ours, deeds_, *_without_tables(super().get_urls())]

    def _page(self, page: Any) -> Any:
        def answer(request: HttpRequest, **where: Any) -> HttpResponse:
            response: HttpResponse = page(request, self.each_context(request), **where)
            return response

        return answer


_KEPT: Final = {"index", "login", "logout", "password_change", "password_change_done"}


def _without_tables(urls: list[Any]) -> list[Any]:
    return [url for url in urls if getattr(url, "name", None) in _KEPT]


SITE: Final = StaffSite(name="admin")
