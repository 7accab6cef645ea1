"""The leasing plane as an ASGI application: address to endpoint, error to problem, log line."""

import logging
import re
from collections.abc import Awaitable, Callable
from typing import Final

from foundation import tracing
from foundation.clock import monotonic_seconds
from foundation.logs import JsonLines
from foundation.request_lines import Exchange
from leasing.errors import SessionUnknown
from leasing.http.acquire import AcquireEndpoint
from leasing.http.errors import MethodNotAllowed, UnknownPath
from leasing.http.failures import Failures
from leasing.http.health import HealthEndpoint
from leasing.http.heartbeat import HeartbeatEndpoint
from leasing.http.keys import KeysEndpoint
from leasing.http.messages import Receive, Request, Response, Scope, Send, send_response
from leasing.http.sessions import SessionEndpoint

_log = logging.getLogger(__name__)

Endpoint = Callable[..., Awaitable[Response]]
Problem = Callable[[Exception, str], Response | None]

ACQUIRE: Final = "/api/v1/licenses/acquire"
SESSIONS: Final = "/api/v1/licenses/sessions/"
KEYS: Final = "/api/v1/licenses/keys"
JWKS: Final = "/.well-known/jwks.json"
HEALTH: Final = "/health"
_FIXED: Final = frozenset({ACQUIRE, KEYS, HEALTH, f"{HEALTH}/live", f"{HEALTH}/ready"})
_SESSION_ID: Final = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII
)


def is_leasing_path(path: str) -> bool:
    """Tell whether the leasing plane answers an address."""
    return path.startswith(SESSIONS) or path.removesuffix("/") in _FIXED or path == JWKS


class LeasingPlane:
    """Routes, answers and logs every leasing call.

    ``problem_of`` turns an error into the response the caller sees, or None when the error is
    none of the known ones; it is given by the frame, which knows every room.
    """

    def __init__(
        self,
        *,
        acquire: AcquireEndpoint,
        heartbeat: HeartbeatEndpoint,
        sessions: SessionEndpoint,
        keys: KeysEndpoint,
        health: HealthEndpoint,
        failures: Failures,
        problem_of: Problem,
        request_log: JsonLines,
    ) -> None:
        self._fixed: dict[str, dict[str, Endpoint]] = {
            ACQUIRE: {"POST": acquire.post},
            KEYS: {"GET": keys.keyset},
            JWKS: {"GET": keys.jwks},
            HEALTH: {"GET": health.alive},
            f"{HEALTH}/live": {"GET": health.alive},
            f"{HEALTH}/ready": {"GET": health.ready},
        }
        self._session: dict[str, Endpoint] = {"GET": sessions.get, "DELETE": sessions.delete}
        self._heartbeat: dict[str, Endpoint] = {"PATCH": heartbeat.patch}
        self._failures = failures
        self._problem_of = problem_of
        self._request_log = request_log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        began_at = monotonic_seconds()
        request = Request(scope, receive)
        facts, status = request.facts, None
        span = tracing.begin_request("leasing", request.method, facts)
        try:
            response = await self._answer(request)
            await send_response(response, send, facts.request_id)
            status, facts.outcome = response.status, facts.outcome or response.outcome
        finally:
            seconds = monotonic_seconds() - began_at
            exchange = Exchange("leasing", request.method, scope["path"], status, seconds)
            self._request_log.append_request(exchange, facts)
            if span is not None:
                span.end(status)

    async def _answer(self, request: Request) -> Response:
        try:
            endpoint, arguments = self._route(request.scope["path"], request.method)
            return await endpoint(request, *arguments)
        except Exception as error:  # noqa: BLE001  every error becomes a problem, or a logged 500
            await self._failures.hold_back(error, request)
            problem = self._problem_of(error, request.request_id)
            if problem is not None:
                return problem
            _log.exception("request %s failed", request.request_id)
            return self._problem_of(InternalError(), request.request_id) or Response(500)

    def _route(self, path: str, method: str) -> tuple[Endpoint, tuple[str, ...]]:
        if path.startswith(SESSIONS):
            return self._route_session(path[len(SESSIONS) :].removesuffix("/"), method)
        methods = self._fixed.get(path) or self._fixed.get(path.removesuffix("/"))
        if methods is None:
            raise UnknownPath("no such address")
        return _endpoint(methods, method), ()

    def _route_session(self, rest: str, method: str) -> tuple[Endpoint, tuple[str, ...]]:
        session_id = rest.removesuffix("/heartbeat")
        methods = self._session if session_id == rest else self._heartbeat
        if "/" in session_id:
            raise UnknownPath("no such address")
        endpoint = _endpoint(methods, method)
        if _SESSION_ID.fullmatch(session_id) is None:
            return self._no_such_session, ()
        return endpoint, (session_id,)

    async def _no_such_session(self, _request: Request) -> Response:
        raise SessionUnknown("no such session")


class InternalError(Exception):
    """Something failed that nobody foresaw; the log has it under the request's id."""


def _endpoint(methods: dict[str, Endpoint], method: str) -> Endpoint:
    endpoint = methods.get("GET" if method == "HEAD" else method)
    if endpoint is None:
        raise MethodNotAllowed(tuple(methods))
    return endpoint
