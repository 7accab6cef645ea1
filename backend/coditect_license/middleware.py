"""Around the control plane: a request id and a log line outside, problem documents inside.

Between them, a bound on how much a caller may send; innermost, who calls.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Final

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from coditect_license.problems import PROBLEMS
from coditect_license.refusals import FACTS, asgi_problem, facts_of, problem_response
from coditect_license.routes import route_of
from foundation import tracing
from foundation.clock import monotonic_seconds
from foundation.logs import JsonLines
from foundation.request_lines import Exchange
from identity.errors import Cause, IdentityError, InvalidCredential
from identity.operations import count_refused
from identity.rules import Principal
from identity.wiring import bearer_verifier_from_settings
from leasing import counts
from leasing.errors import StoreUnavailable
from leasing.http.bodies import is_deeper, parse_json
from leasing.http.errors import FieldError, InvalidRequest, MethodNotAllowed, RequestError
from leasing.http.messages import Receive, Request, Scope, Send
from leasing.http.reads import read_in_thread

_log = logging.getLogger(__name__)

MOST_DEPTH: Final = 16
MOST_MEMBERS: Final = 1_000
_COUNT_UNAVAILABLE: Final = counts.shed("unavailable")
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]


class RequestLog:
    """ASGI middleware: gives each request an id, counts it and writes one JSON line at its end.

    The line has the members of the leasing plane's, with ``"plane": "control"``. Neither query
    nor headers are logged.
    """

    def __init__(self, application: Asgi, request_log: JsonLines) -> None:
        self._application = application
        self._request_log = request_log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        began_at = monotonic_seconds()
        facts = Request(scope, receive).facts
        status: int | None = None
        route = route_of(scope["path"])
        span = tracing.begin_request("control", scope["method"], route, facts)

        async def send_with_id(message: Mapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [*message["headers"], (b"x-request-id", facts.request_id.encode())]
                message = {**message, "headers": headers}
            await send(message)

        try:
            await self._application({**scope, FACTS: facts}, receive, send_with_id)
        finally:
            seconds = monotonic_seconds() - began_at
            counts.count_request("control", route, status, seconds)
            exchange = Exchange("control", scope["method"], scope["path"], status, seconds)
            self._request_log.append_request(exchange, facts)
            if span is not None:
                span.end(status)


class BodyLimit:
    """ASGI middleware: refuses what is too large or too deep before Django reads any of it.

    A body over 64 KiB, of which Django would keep all in a file, a compressed one, and JSON that
    is not strict, nests over 16 levels, or has over 1,000 members in one place.
    """

    def __init__(self, application: Asgi) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        request = Request(scope, receive, scope[FACTS])
        try:
            body = await request.any_body()
            if body and request.says_json():
                check_json(body)
        except RequestError as error:
            await asgi_problem(error, request.facts)(scope, receive, send)
        else:
            await self._application(scope, _replayed(body, receive), send)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Return a receive that gives a body already read, then goes on where that one stopped."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_replayed() -> MutableMapping[str, Any]:
        return waiting.pop() if waiting else await receive()

    return receive_replayed


def check_json(body: bytes) -> None:
    """Raise InvalidRequest for JSON that a view need not see. A view reads it once more."""
    value = parse_json(body)
    if is_deeper(value, MOST_DEPTH):
        raise InvalidRequest(FieldError("", "too_deep", f"JSON may be {MOST_DEPTH} levels deep"))
    if _is_wider(value, MOST_MEMBERS):
        said = f"an array or object may have {MOST_MEMBERS} members"
        raise InvalidRequest(FieldError("", "too_many", said))


def _is_wider(value: object, most: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    members = value.values() if isinstance(value, dict) else value
    return len(value) > most or any(_is_wider(member, most) for member in members)


class JWTAuthenticationMiddleware:
    """Django middleware: sets ``request.principal`` from the bearer credential, None without one.

    It stands behind the security headers and before anything that looks at a tenant's rows. A
    credential that proves nothing is refused here, before any view, and a ledger that is away is
    503 and never a bad credential. Whether a call needs one at all is the view's to say.
    ``jwt_user_id``, ``jwt_user_email`` and ``jwt_tenant_id`` repeat what the principal says, under
    the names that views of the first design use. Works in sync and async chains of middleware.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self._get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        """Answer 401, 403 or 503 for a credential that is not good, else pass the request on."""
        if iscoroutinefunction(self):
            return self._answer_async(request)
        return self._refusal(request) or self._get_response(request)

    async def _answer_async(self, request: HttpRequest) -> HttpResponse:
        refusal = await read_in_thread(self._refusal, request)
        response: HttpResponse = refusal or await self._get_response(request)
        return response

    def _refusal(self, request: HttpRequest) -> HttpResponse | None:
        """Set who calls, and return None; or return the problem that the credential is."""
        try:
            principal = _principal(request)
        except IdentityError as refusal:
            return problem_response(request, refusal)
        except OperationalError as error:
            _log.error("the database is unavailable: %s", error)
            _COUNT_UNAVAILABLE()
            return problem_response(request, StoreUnavailable("the database is unavailable"))
        _note(principal, request)
        request.principal = principal  # type: ignore[attr-defined]
        request.jwt_user_id = principal and principal.subject  # type: ignore[attr-defined]
        request.jwt_user_email = principal and principal.email  # type: ignore[attr-defined]
        request.jwt_tenant_id = principal and str(principal.tenant_id)  # type: ignore[attr-defined]
        return None


def _note(principal: Principal | None, request: HttpRequest) -> None:
    """Have the log line say who called."""
    if principal is not None:
        facts = facts_of(request)
        facts.tenant_id, facts.principal_kind = str(principal.tenant_id), principal.kind.value


def _principal(request: HttpRequest) -> Principal | None:
    header = request.headers.get("Authorization")
    if header is None:
        return None
    scheme, _, credential = header.partition(" ")
    if scheme.lower() != "bearer":
        count_refused(Cause.SCHEME)
        raise InvalidCredential("a scheme that the control plane does not take", Cause.SCHEME)
    return bearer_verifier_from_settings().verify(credential.strip(" "))


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
