"""GET /health: alive, live, ready. Answers without a credential and says nothing more."""

from collections.abc import Callable
from typing import Final

from leasing.http.answers import json_response
from leasing.http.messages import Request, Response

_OK: Final = {"status": "ok"}
_NOT_READY: Final = {"status": "unavailable"}


class HealthEndpoint:
    """Says whether this process can serve; nothing it asks can be slow.

    ``is_able`` tells whether it could answer the calls it is there for.
    """

    def __init__(self, is_able: Callable[[], bool]) -> None:
        self._is_able = is_able
        self._is_draining = False

    def begin_to_drain(self) -> None:
        """Say from now on that this process is not ready: it will end soon."""
        self._is_draining = True

    async def alive(self, _request: Request) -> Response:
        """Answer 200 as long as the process answers at all."""
        return json_response(_OK)

    async def ready(self, _request: Request) -> Response:
        """Answer 200 when this process can serve, else 503."""
        if self._is_able() and not self._is_draining:
            return json_response(_OK)
        return json_response(_NOT_READY, 503, outcome="unavailable")
