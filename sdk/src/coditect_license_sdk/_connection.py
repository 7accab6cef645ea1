"""A bound on a whole exchange: httpx bounds each read, and an answer may trickle for ever."""

import socket
import threading
from contextlib import suppress
from typing import Any, Final, Self

_OPENED: Final = (".connect_tcp.complete", ".start_tls.complete")


class CutWhenLate:
    """Cuts the connection of one blocking exchange that takes longer than some seconds.

    Looking up a host's name is outside the bound: the system's resolver has its own.
    """

    def __init__(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self._socket: socket.socket | None = None
        self.is_cut = False

    def note(self, event: str, details: dict[str, Any]) -> None:
        """Keep the socket that httpx tells of (its ``trace`` extension)."""
        if event.endswith(_OPENED):
            self._socket = details["return_value"].get_extra_info("socket")
            if self.is_cut:
                self._cut()  # it opened too late to be cut then

    def __enter__(self) -> Self:
        with suppress(RuntimeError):  # no new threads in an ending program, which waits 2 s at most
            self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        if self._timer.is_alive():
            self._timer.join()  # at once: nothing is left of it when the exchange is over

    def _cut(self) -> None:
        self.is_cut = True
        if self._socket is not None:
            with suppress(OSError):  # it was closed meanwhile
                # Past TLS, whose own goodbye would wait for the other side's.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
