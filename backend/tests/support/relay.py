"""A TCP relay that can fall silent, as a network does: connections stay, nothing comes through."""

import selectors
import socket
import threading
from types import TracebackType
from typing import Final, Self

_LOOK_SECONDS: Final = 0.02
_MOST_BYTES: Final = 65_536


class Relay:
    """Passes bytes between its own address and another, until it is told to be silent.

    Connections made before :meth:`fall_silent` stay open and carry nothing any more; those made
    afterwards work. A context manager.
    """

    def __init__(self, target: str) -> None:
        host, _, port = target.rpartition(":")
        self._target = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._peer_of: dict[socket.socket, socket.socket] = {}
        self._silent: list[socket.socket] = []
        self._changing = threading.Lock()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.accepted = 0

    @property
    def address(self) -> str:
        """Host and port to connect to."""
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def fall_silent(self) -> None:
        """Carry nothing more over the connections there are."""
        with self._changing:
            for end in self._peer_of:
                self._selector.unregister(end)
                self._silent.append(end)
            self._peer_of.clear()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._ends.set()
        self._thread.join()
        for end in (*self._peer_of, *self._silent, self._listener):
            end.close()
        self._selector.close()

    def _run(self) -> None:
        while not self._ends.is_set():
            for key, _ in self._selector.select(_LOOK_SECONDS):
                with self._changing:
                    end = key.fileobj
                    if end is self._listener:
                        self._accept()
                    elif isinstance(end, socket.socket) and end in self._peer_of:
                        self._pass_on(end)

    def _accept(self) -> None:
        near, _ = self._listener.accept()
        far = socket.create_connection(self._target)
        self.accepted += 1
        for end, peer in ((near, far), (far, near)):
            self._peer_of[end] = peer
            self._selector.register(end, selectors.EVENT_READ)

    def _pass_on(self, end: socket.socket) -> None:
        peer = self._peer_of[end]
        try:
            data = end.recv(_MOST_BYTES)
        except ConnectionError:
            data = b""
        if data:
            peer.sendall(data)
            return
        for closed in (end, peer):
            self._selector.unregister(closed)
            del self._peer_of[closed]
            closed.close()
