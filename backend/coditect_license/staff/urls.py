"""The only addresses of the staff's host name."""

from django.urls import path

from coditect_license.staff.site import SITE

urlpatterns = [path("admin/", SITE.urls)]

handler400 = "coditect_license.refusals.bad_request"
handler403 = "coditect_license.refusals.permission_denied"
handler404 = "coditect_license.refusals.not_found"
handler500 = "coditect_license.refusals.server_error"
