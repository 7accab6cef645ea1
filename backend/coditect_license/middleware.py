"""Around the control plane: a request id and a log line outside, problem documents inside."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from coditect_license.problems import PROBLEMS
from coditect_license.refusals import REQUEST_ID, problem_response
from foundation.clock import monotonic_seconds
from foundation.ids import new_request_id
from foundation.logs import JsonLines
from leasing.http.errors import MethodNotAllowed
from leasing.http.messages import Receive, Scope, Send

Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]


class RequestLog:
    """ASGI middleware: gives each request an id and writes one JSON line when it is answered.

    The line has the members of the leasing plane's, with ``"plane": "control"``. Neither query
    nor headers are logged.
    """

    def __init__(self, application: Asgi, request_log: JsonLines) -> None:
        self._application = application
        self._request_log = request_log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        began_at = monotonic_seconds()
        request_id = new_request_id()
        status = 500

        async def send_with_id(message: Mapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [*message["headers"], (b"x-request-id", request_id.encode())]
                message = {**message, "headers": headers}
            await send(message)

        try:
            await self._application({**scope, REQUEST_ID: request_id}, receive, send_with_id)
        finally:
            self._request_log.append_request(
                plane="control",
                request_id=request_id,
                method=scope["method"],
                path=scope["path"],
                status=status,
                seconds=monotonic_seconds() - began_at,
            )


class ProblemMiddleware:
    """Django middleware: errors of the domain, and Django's own 405, become problem documents."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        response = self._get_response(request)
        if isinstance(response, HttpResponseNotAllowed):
            allowed = tuple(response["Allow"].split(", "))
            return problem_response(request, MethodNotAllowed(allowed))
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Return the problem of an error that a view raised, or None when it is an unknown one."""
        return problem_response(request, error) if type(error) in PROBLEMS else None
