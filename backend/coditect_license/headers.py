"""The headers that every answer of the control plane has, whatever view made it."""

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse

_SILENT: Final = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_PAGE: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_NO_DEVICES: Final = ", ".join(
    f"{feature}=()"
    for feature in (
        *("accelerometer", "camera", "display-capture", "fullscreen", "geolocation", "gyroscope"),
        *("magnetometer", "microphone", "midi", "payment", "publickey-credentials-get", "usb"),
    )
)


class SecurityHeaders:
    """Django middleware: adds what a browser must be told, unless the view has said it.

    A page may load its own files and nothing else, and an answer that is no page may do nothing at
    all, also when somebody has a browser show it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on, and add the headers."""
        response = self._get_response(request)
        is_page = response.get("Content-Type", "").startswith("text/html")
        response.setdefault("Content-Security-Policy", _PAGE if is_page else _SILENT)
        response.setdefault("Permissions-Policy", _NO_DEVICES)
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response
