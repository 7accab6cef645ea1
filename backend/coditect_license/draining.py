"""How a server goes: it says so, lets everybody move on, finishes what is under way, and ends.

HTTP/1.1 has no way to tell an idle connection that it is about to close, so a request may cross its
end on the wire. Who is told with an answer, or by the readiness probe, sends none any more.
"""

import asyncio
import signal
import socket
from types import FrameType
from typing import Final, Protocol

import uvicorn

from foundation.clock import monotonic_seconds

DRAIN_SECONDS: Final = 25
_CLOSE: Final = (b"connection", b"close")
_LOOK_SECONDS: Final = 0.05
_DATED_TICK: Final = 0  # of those ticks of the server's that make the headers of all answers anew


class Drains(Protocol):
    """An application that can be told that its process will end."""

    def begin_to_drain(self) -> None:
        """Say from now on that this process is not ready. It goes on to answer."""
        ...


class DrainingServer(uvicorn.Server):
    """Gives notice before it drains: not ready, and each answer is the last of its connection.

    SIGTERM gives ``notice_seconds`` of it, during which connections are still accepted: that long
    do balancers take to hear of it. SIGINT is a person at the keyboard, and a second signal is
    somebody who has waited enough: neither gives any.
    """

    def __init__(
        self, config: uvicorn.Config, application: Drains, *, notice_seconds: float
    ) -> None:
        super().__init__(config)
        self._application = application
        self._notice_seconds = notice_seconds
        self._is_hurried = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take a signal; the first one ends the serving."""
        self._is_hurried = self.should_exit or sig == signal.SIGINT
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Give notice, then finish the calls under way within 25 s and end."""
        self._application.begin_to_drain()
        self.config.encoded_headers.append(_CLOSE)
        await self._go_on_for(self._notice_seconds)
        await super().shutdown(sockets)

    async def _go_on_for(self, seconds: float) -> None:
        over_at = monotonic_seconds() + seconds
        await self.on_tick(_DATED_TICK)
        for connection in list(self.server_state.connections):
            if _is_answering(connection):
                connection.shutdown()  # closes it with that answer
        while monotonic_seconds() < over_at and not self._is_hurried:
            await asyncio.sleep(_LOOK_SECONDS)
            await self.on_tick(_DATED_TICK)


def _is_answering(connection: object) -> bool:
    cycle = getattr(connection, "cycle", None)
    return cycle is not None and not cycle.response_complete
