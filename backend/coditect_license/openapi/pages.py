"""The document over HTTP, and the two pages that show it to people."""

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from coditect_license.openapi import document
from coditect_license.openapi.page_operations import (
    DOCUMENT_PATH,
    JSON,
    REDOC_PATH,
    SWAGGER_PATH,
    YAML,
)
from leasing.http.errors import FieldError, InvalidRequest

_FORMATS: Final = {"json": JSON, "yaml": YAML}
# Everything from this server. ReDoc makes two style elements itself: an empty one that its script
# fills, and one for its scroll bars; each is allowed by its hash.
_STYLES_OF_REDOC: Final = (
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=' "
    "'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='"
)
_POLICY: Final = (
    f"default-src 'none'; script-src 'self'; style-src 'self' {_STYLES_OF_REDOC}; font-src 'self'; "
    "connect-src 'self'; img-src 'self' data:; worker-src blob:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)


@method_decorator(csrf_exempt, name="dispatch")  # it only shows: a POST is 405, not 403
class DocumentView(View):
    """The document as YAML, or as JSON when ``format`` or ``Accept`` asks for that."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Answer 200. Raises InvalidRequest for a format there is not."""
        media_type = _media_type(request)
        body = document.as_json() if media_type == JSON else document.as_yaml()
        return HttpResponse(body, content_type=media_type)


@method_decorator(csrf_exempt, name="dispatch")
class PageView(View):
    """A page that shows the document to people: Swagger UI to try calls, ReDoc to read."""

    template_name = ""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Answer 200 with a page that may load nothing from elsewhere."""
        context = {"document": f"{DOCUMENT_PATH}?format=json"}
        response = render(request, self.template_name, context)
        response["Content-Security-Policy"] = _POLICY
        return response


urlpatterns = [
    path(DOCUMENT_PATH[1:], DocumentView.as_view()),
    path(SWAGGER_PATH[1:], PageView.as_view(template_name="swagger_ui.html")),
    path(REDOC_PATH[1:], PageView.as_view(template_name="redoc.html")),
]


def _media_type(request: HttpRequest) -> str:
    wanted = request.GET.get("format")
    if wanted is None:
        return JSON if request.get_preferred_type([YAML, JSON]) == JSON else YAML
    if wanted not in _FORMATS:
        raise InvalidRequest(FieldError("format", "not_allowed", "format is json or yaml"))
    return _FORMATS[wanted]
