"""The leasing plane as an ASGI application: address to endpoint, error to problem, log line."""

import logging
import re
from collections.abc import Awaitable, Callable
from typing import Final

from msgspec.structs import replace

from foundation import tracing
from foundation.clock import monotonic_seconds
from foundation.logs import JsonLines
from foundation.request_lines import Exchange
from leasing import counts
from leasing.errors import Overloaded, SessionUnknown, StoreUnavailable
from leasing.http.acquire import AcquireEndpoint
from leasing.http.errors import MethodNotAllowed, UnknownPath
from leasing.http.failures import Failures
from leasing.http.health import HealthEndpoint
from leasing.http.heartbeat import HeartbeatEndpoint
from leasing.http.keys import KeysEndpoint
from leasing.http.messages import Receive, Request, Response, Scope, Send, send_response
from leasing.http.overload import Kind, Overload
from leasing.http.routes import ACQUIRE, HEALTH, JWKS, KEYS, SESSIONS, route_of
from leasing.http.sessions import SessionEndpoint
from soft_state.errors import RateLimited

_log = logging.getLogger(__name__)

Endpoint = Callable[..., Awaitable[Response]]
Problem = Callable[[Exception, str], Response | None]

_COUNT_SHED: Final[dict[type[Exception], Callable[[], None]]] = {
    Overloaded: counts.shed("overloaded"),
    RateLimited: counts.shed("quota"),
    StoreUnavailable: counts.shed("unavailable"),
}

_OF_BROWSERS: Final = frozenset({"GET", "HEAD"})
_SESSION_ID: Final = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII
)
_OF_A_SESSION: Final = {"PATCH": Kind.RENEW, "DELETE": Kind.RELEASE}


class LeasingPlane:
    """Routes, answers and logs every leasing call.

    ``problem_of`` turns an error into the response the caller sees, or None when the error is
    none of the known ones; it is given by the frame, which knows every room.
    ``transport_security`` is what answers to GET say of https, where a browser can come: leases
    are taken and kept by programs, which do not heed it.
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
        overload: Overload,
        problem_of: Problem,
        request_log: JsonLines,
        transport_security: bytes | None = None,
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
        self._overload = overload
        self._problem_of = problem_of
        self._request_log = request_log
        self._kept_to_https = (
            ((b"strict-transport-security", transport_security),) if transport_security else ()
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        began_at = monotonic_seconds()
        request = Request(scope, receive)
        facts, status = request.facts, None
        route = route_of(scope["path"])
        span = tracing.begin_request("leasing", request.method, route, facts)
        try:
            response = await self._answer(request)
            if self._kept_to_https and request.method in _OF_BROWSERS:
                response = self._keep_to_https(request, response)
            await send_response(response, send, facts.request_id)
            status, facts.outcome = response.status, facts.outcome or response.outcome
        finally:
            seconds = monotonic_seconds() - began_at
            counts.count_request("leasing", route, status, seconds)
            exchange = Exchange("leasing", request.method, scope["path"], status, seconds)
            self._request_log.append_request(exchange, facts)
            if span is not None:
                span.end(status)

    def _keep_to_https(self, request: Request, response: Response) -> Response:
        """Say so over https alone, as RFC 6797 (7.2) wants it and as Django does."""
        if request.header(b"x-forwarded-proto") != b"https":
            return response
        return replace(response, headers=(*response.headers, *self._kept_to_https))

    async def _answer(self, request: Request) -> Response:
        try:
            endpoint, arguments = self._route(request.scope["path"], request.method)
            if self._overload.is_shedding:
                self._turn_away(request.scope["path"], request.method)
            return await endpoint(request, *arguments)
        except Exception as error:  # noqa: BLE001  every error becomes a problem, or a logged 500
            if count_shed := _COUNT_SHED.get(type(error)):
                count_shed()
            await self._failures.hold_back(error, request)
            problem = self._problem_of(error, request.request_id)
            if problem is not None:
                return problem
            _log.exception("request %s failed", request.request_id)
            return self._problem_of(InternalError(), request.request_id) or Response(500)

    def _turn_away(self, path: str, method: str) -> None:
        """Raise Overloaded for a kind of call that has no room now; probes and keys always have."""
        if path.startswith(SESSIONS):
            self._overload.require_room(_OF_A_SESSION.get(method, Kind.READ))
        elif path.removesuffix("/") == ACQUIRE:
            self._overload.require_room(Kind.ACQUIRE)

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
