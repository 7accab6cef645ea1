"""A process of the control plane alone: it holds no ledger open, no engine and no signer."""

import asyncio
from typing import Final

from django.db import close_old_connections
from starlette.responses import Response as PlainResponse

from coditect_license.abuse import failures_from_settings
from coditect_license.gauges import gauge_process, serve_metrics_from_settings
from coditect_license.ledger import take_server_seat
from coditect_license.middleware import RequestLog
from coditect_license.refusals import FACTS, asgi_problem
from coditect_license.warming import warm_control_plane
from foundation.logs import JsonLines
from identity.wiring import bearer_verifier_from_settings
from leasing.http.errors import MethodNotAllowed
from leasing.http.health import HealthEndpoint
from leasing.http.messages import Receive, Request, Scope, Send
from leasing.http.overload import Overload
from leasing.http.routes import HEALTH
from soft_state.notices import BOARD, Topic
from soft_state.wiring import fleet_from_settings, shared_allowances_from_settings

_READY: Final = f"{HEALTH}/ready"
_PROBES: Final = frozenset({HEALTH, f"{HEALTH}/live", _READY})
_METHODS: Final = ("GET", "HEAD")


class Probes:
    """The addresses of health, before Django: a probe names no host and comes over plain http."""

    def __init__(self, health: HealthEndpoint) -> None:
        self._health = health

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request to one of them."""
        request = Request(scope, receive, scope[FACTS])
        if request.method not in _METHODS:
            await asgi_problem(MethodNotAllowed(_METHODS), request.facts)(scope, receive, send)
            return
        is_ready = scope["path"].removesuffix("/") == _READY
        answer = self._health.ready if is_ready else self._health.alive
        response = await answer(request)
        request.facts.outcome = response.outcome
        said = PlainResponse(
            response.body,
            response.status,
            {"cache-control": "no-store"},
            response.media_type.decode(),
        )
        await said(scope, receive, send)


class ConsoleServer:
    """Everything that one process holds while it serves the control plane and no leases.

    Made from the settings; blocking. Raises MetricsPortBusy, and ServerAlreadyRunning when another
    server process works on the same SQLite file. It is ready as long as it does not drain: what a
    view needs and does not find is its own answer.
    """

    def __init__(self, request_log: JsonLines) -> None:
        self._leave = take_server_seat()
        self._end_metrics = serve_metrics_from_settings()
        gauge_process()
        shared = shared_allowances_from_settings()
        self._fleet = fleet_from_settings(shared)
        self.failures = failures_from_settings(shared)
        self.overload = Overload(lambda: 0.0)
        self._health = HealthEndpoint(lambda: True)
        self.plane = RequestLog(Probes(self._health), request_log)
        self._request_log = request_log
        verifier = bearer_verifier_from_settings()
        close_old_connections()  # this thread's; whoever reads later opens one for the moment
        self._unlisten = [
            BOARD.listen(Topic.ISSUERS, verifier.expire),
            BOARD.listen(Topic.CREDENTIALS, verifier.forget),
        ]

    def takes(self, path: str) -> bool:
        """Return whether this is a probe's address; Django answers every other one."""
        return path.removesuffix("/") in _PROBES

    async def start(self) -> None:
        """Load the views and begin to take calls."""
        await asyncio.to_thread(warm_control_plane)
        await self.overload.start()
        if self._fleet is not None:
            await self._fleet.start()

    def begin_to_drain(self) -> None:
        """Say from now on that this process is not ready; it goes on to answer."""
        self._health.begin_to_drain()

    async def stop(self) -> None:
        """Let go of what was begun."""
        if self._fleet is not None:
            await self._fleet.stop()
        for unlisten in self._unlisten:
            unlisten()
        await self.overload.stop()
        self._request_log.flush()
        await asyncio.to_thread(self._end_metrics)
        await asyncio.to_thread(self._leave)
