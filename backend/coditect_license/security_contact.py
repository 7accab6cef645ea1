"""Whom to tell of a weakness: ``/.well-known/security.txt`` (RFC 9116)."""

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_safe

from foundation.clock import rfc3339, utc_now

_GOOD_FOR: Final = timedelta(days=90)


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Answer with the contact that the settings name."""
    del request
    ends = rfc3339(utc_now() + _GOOD_FOR)
    text = f"Contact: {settings.LICENSE_SECURITY_CONTACT}\nExpires: {ends}\n"
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


urlpatterns = [path(".well-known/security.txt", show)]
