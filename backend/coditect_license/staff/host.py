"""Which addresses a request means: those of the staff's host name, or the public ones."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse


class StaffHost:
    """Django middleware: on the staff's host name there are the staff's pages and nothing else.

    On any other host name they are not there: nobody finds a sign-in beside the API.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        host = request.get_host().partition(":")[0].lower()
        if host == settings.LICENSE_ADMIN_HOST:
            request.urlconf = "coditect_license.staff.urls"
        return self._get_response(request)
