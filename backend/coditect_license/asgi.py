"""The front door of a process: leasing calls to the leasing plane, all else to Django.

Where ``LICENSE_WORKLOAD`` names one plane, the other one's addresses are nowhere.
"""

import asyncio
import logging

from foundation.env import use_settings

use_settings("coditect_license.settings")

import django  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.asgi import get_asgi_application  # noqa: E402

django.setup()  # the rooms have models, which load only then; a command has done it before


from coditect_license.abuse import FailedCredentials  # noqa: E402
from coditect_license.checks import UnsafeStart, require_safe_start  # noqa: E402
from coditect_license.console_server import ConsoleServer  # noqa: E402
from coditect_license.crowding import Crowding  # noqa: E402
from coditect_license.listening import REQUEST_LOG  # noqa: E402
from coditect_license.middleware import Asgi, BodyLimit, RequestLog  # noqa: E402
from coditect_license.own_secrets import redactor_from_settings  # noqa: E402
from coditect_license.server import LicenseServer  # noqa: E402
from coditect_license.spans import send_spans_from_settings  # noqa: E402
from coditect_license.static_files import PREFIX, StaticAssets  # noqa: E402
from coditect_license.warming import spare_what_stays  # noqa: E402
from foundation.logs import JsonLines, log_to_standard_output  # noqa: E402
from foundation.metrics import MetricsPortBusy  # noqa: E402
from foundation.tracing import TracingNotInstalled, stop_spans  # noqa: E402
from leasing.http.messages import Receive, Scope, Send  # noqa: E402
from signing.errors import SigningError  # noqa: E402

_log = logging.getLogger(__name__)


class Application:
    """Both planes in one process, which live and end with the server's lifespan."""

    def __init__(self) -> None:
        self._django: Asgi = BodyLimit(get_asgi_application())
        self._static = StaticAssets()
        self._control_plane: Asgi = self._assets_or_django
        self._server: LicenseServer | ConsoleServer | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand one scope to whoever answers it."""
        if scope["type"] == "http":
            await self._plane_of(scope["path"])(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(scope, receive, send)

    def begin_to_drain(self) -> None:
        """Say from now on that this process is not ready; it goes on to answer."""
        if self._server is not None:
            self._server.begin_to_drain()

    def _plane_of(self, path: str) -> Asgi:
        if self._server is not None and self._server.takes(path):
            return self._server.plane
        return self._control_plane

    async def _assets_or_django(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].startswith(f"{PREFIX}/"):
            await self._static(scope, receive, send)
        else:
            await self._django(scope, receive, send)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        request_log = log_to_standard_output(
            settings.LICENSE_LOG_LEVELS,
            redactor_from_settings(),
            project=settings.LICENSE_LOG_PROJECT,
        )
        scope.get("state", {})[REQUEST_LOG] = request_log
        try:
            await asyncio.to_thread(require_safe_start)
            await asyncio.to_thread(send_spans_from_settings)
            self._server = await asyncio.to_thread(_server, request_log)
        except (UnsafeStart, SigningError, MetricsPortBusy, TracingNotInstalled) as refusal:
            _log.critical("%s", refusal)
            await send({"type": "lifespan.startup.failed", "message": ""})
            return
        self._django = Crowding(self._django, self._server.overload)
        guarded = FailedCredentials(self._assets_or_django, self._server.failures)
        self._control_plane = RequestLog(guarded, request_log)
        await self._server.start()
        spare_what_stays()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._server.stop()
        await asyncio.to_thread(stop_spans)
        await send({"type": "lifespan.shutdown.complete"})


def _server(request_log: JsonLines) -> LicenseServer | ConsoleServer:
    """Return the server of this workload. Raises UnsafeStart for one that answers no calls."""
    workload = settings.LICENSE_WORKLOAD
    if not workload.answers:
        raise UnsafeStart(f"LICENSE_WORKLOAD is {workload}, which answers no calls")
    return LicenseServer(request_log) if workload.leases else ConsoleServer(request_log)


application = Application()
