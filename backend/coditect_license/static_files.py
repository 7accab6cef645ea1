"""The assets of the pages, from the packages they come with; nothing is fetched from elsewhere."""

from typing import Final

from django.conf import settings
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from coditect_license.refusals import FACTS, asgi_problem
from foundation.request_facts import RequestFacts
from leasing.http.errors import MethodNotAllowed, UnknownPath

PREFIX: Final = "/static"
_PACKAGES: Final[list[str | tuple[str, str]]] = [
    ("drf_spectacular_sidecar", "static"),
    ("coditect_license", "static"),
]
_CACHED: Final = {"Cache-Control": "public, max-age=300"}
_GUARDED: Final = {
    "X-Content-Type-Options": "nosniff",
    # A page among the assets may not do anything at all.
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


class StaticAssets(StaticFiles):
    """Answers GET and HEAD under ``/static/`` with a file, or with a problem document."""

    def __init__(self) -> None:
        staff = [("django.contrib.admin", "static")] if settings.LICENSE_ADMIN_HOST else []
        super().__init__(packages=[*_PACKAGES, *staff])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        await super().__call__({**scope, "root_path": PREFIX}, receive, send)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file, 304, 404 or 405."""
        try:
            response = await super().get_response(path, scope)
        except HTTPException as refusal:
            return _problem(refusal, scope[FACTS])
        response.headers.update(_CACHED | _GUARDED)
        return response


def _problem(refusal: HTTPException, facts: RequestFacts) -> Response:
    error = MethodNotAllowed(("GET", "HEAD")) if refusal.status_code == 405 else UnknownPath()
    response = asgi_problem(error, facts)
    response.headers.update(_GUARDED)
    return response
