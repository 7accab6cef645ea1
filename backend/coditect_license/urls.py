"""All addresses of the control plane; the leasing plane's are in leasing/http."""

from django.conf import settings
from django.urls import URLPattern, URLResolver

from coditect_license import security_contact
from coditect_license.openapi import pages
from management_api import urls as management_api

urlpatterns: list[URLPattern | URLResolver] = [*management_api.urlpatterns]
if settings.LICENSE_API_DOCS:
    urlpatterns += pages.urlpatterns
if settings.LICENSE_SECURITY_CONTACT:
    urlpatterns += security_contact.urlpatterns

handler400 = "coditect_license.refusals.bad_request"
handler403 = "coditect_license.refusals.permission_denied"
handler404 = "coditect_license.refusals.not_found"
handler500 = "coditect_license.refusals.server_error"
