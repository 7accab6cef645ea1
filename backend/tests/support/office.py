"""The control plane on a socket of this machine, and people of several tenants who call it.

::

    with Office(folder) as office:
        alice = office.tenant("alice")
        answer = office.call("POST", "/api/v1/products/", alice.owner, json={…})
"""

import asyncio
import os
import socket
import threading
from pathlib import Path
from typing import Any, Final, Self
from uuid import UUID

import httpx
import uvicorn
from django.core.asgi import get_asgi_application

from coditect_license.middleware import BodyLimit, RequestLog
from foundation.logs import JsonLines
from identity.development import DevelopmentIssuer
from identity.rules import Role
from identity.wiring import bearer_verifier_from_settings, development_issuer_from_settings
from licenses import operations
from tests.support.waiting import until

PRODUCTS: Final = "/api/v1/products/"
_PATIENCE_SECONDS: Final = 20
_TOKEN_SECONDS: Final = 3_600
_LOOK_SECONDS: Final = 0.001


class People:
    """One tenant, with somebody in each role."""

    def __init__(self, issuer: DevelopmentIssuer, tenant_id: UUID) -> None:
        self._issuer = issuer
        self.tenant_id = tenant_id
        self.owner = self.person("olga", Role.OWNER)
        self.admin = self.person("adam", Role.ADMIN)
        self.member = self.person("mary", Role.MEMBER)
        self.viewer = self.person("victor", Role.VIEWER)

    def person(self, name: str, role: Role) -> dict[str, str]:
        """Return the header of somebody of this tenant."""
        token = self._issuer.mint(
            tenant_id=self.tenant_id, subject=name, role=role, lifetime_seconds=_TOKEN_SECONDS
        )
        return {"authorization": f"Bearer {token}"}


class PromptServer(uvicorn.Server):
    """Ends as soon as it is told and its connections are closed: uvicorn looks ten times a second.

    Hundreds of tests have a server of their own, and waited 150 ms each for its end.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._loop: asyncio.AbstractEventLoop
        self._told = asyncio.Event()

    def end(self) -> None:
        """Have it end, from another thread."""
        self._loop.call_soon_threadsafe(self._told.set)

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self._told.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002
        for listener in self.servers:
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        state = self.server_state
        while state.connections or state.tasks:  # noqa: ASYNC110  uvicorn tells nobody
            await asyncio.sleep(_LOOK_SECONDS)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)


class Office:
    """The control plane as one process serves it, on Django's default database."""

    def __init__(self, folder: Path) -> None:
        self.log_file = folder / "office.log"
        self._log = os.open(self.log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        application = RequestLog(BodyLimit(get_asgi_application()), JsonLines(self._log))
        self._server = PromptServer(
            uvicorn.Config(application, lifespan="off", log_config=None, access_log=False)
        )
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name="office", daemon=True
        )
        host, port = self._socket.getsockname()
        self.base_url = f"http://{host}:{port}"
        self._client = httpx.Client(base_url=self.base_url, timeout=_PATIENCE_SECONDS)
        self.issuer = development_issuer_from_settings()
        self.issuer.ensure_row()
        bearer_verifier_from_settings.cache_clear()  # it knows the issuers of another database

    def __enter__(self) -> Self:
        self._thread.start()
        until(lambda: self._server.started)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()
        self._server.end()
        self._thread.join(_PATIENCE_SECONDS)
        self._socket.close()
        os.close(self._log)
        bearer_verifier_from_settings.cache_clear()

    def tenant(self, name: str) -> People:
        """Make a tenant."""
        tenant = operations.create_tenant(slug=name, name=name.title(), principal="system:tests")
        return People(self.issuer, tenant.id)

    def call(
        self, method: str, path: str, who: dict[str, str] | None = None, **options: Any
    ) -> httpx.Response:
        """Send a request of somebody and return the answer."""
        headers = {**(who or {}), **options.pop("headers", {})}
        return self._client.request(method, path, headers=headers, **options)
