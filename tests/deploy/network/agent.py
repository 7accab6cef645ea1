"""One host of the lab: a process in a network namespace of its own that serves and tries ways.

Speaks JSON, a line each, with whoever started it, and ends when that one does. Run by its path; the
standard library alone. Its first line is {"pid": …}; its network is then there, and empty.

    {"router": true}                     forwards packets, and limits no refusal that it sends
    {"listen": {"tcp": […], "udp": […]}} answers on these ports, on every address of the namespace
    {"try": [[address, kind, port], …]}  answers with "open", "shut" or what else happened, in order
"""

import ctypes
import errno
import json
import os
import selectors
import socket
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

_NEW_NETWORK: Final = 0x4000_0000  # CLONE_NEWNET, unshare(2)
_SECONDS: Final = 30
_AT_ONCE: Final = 16
# What "prohibited by an administrator" becomes: nobody answers so but the lab's own refusals.
_REFUSED: Final = frozenset({errno.EHOSTUNREACH, errno.EACCES})
_IPV4: Final = Path("/proc/sys/net/ipv4")


def enter_own_network() -> None:
    """Leave this machine's network for an empty one. Raises OSError where that is forbidden."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_NEW_NETWORK) != 0:
        raise OSError(ctypes.get_errno(), "no network of its own")


def become_router() -> str:
    """Forward packets, and send every refusal: the kernel would else hold most of them back."""
    (_IPV4 / "ip_forward").write_text("1")
    (_IPV4 / "icmp_ratemask").write_text("0")
    return "routing"


def listen(ports: dict[str, list[int]]) -> str:
    """Answer on these ports, until the end."""
    chosen = selectors.DefaultSelector()
    for port in ports["tcp"]:
        chosen.register(socket.create_server(("", port), backlog=256), selectors.EVENT_READ)
    for port in ports["udp"]:
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind(("", port))
        chosen.register(server, selectors.EVENT_READ)
    threading.Thread(target=_answer, args=(chosen,), daemon=True).start()
    return "listening"


def try_ways(ways: list[tuple[str, str, int]]) -> list[str]:
    """Try them, several at once."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(_try, ways))


def _try(way: tuple[str, str, int]) -> str:
    address, kind, port = way
    stream = socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, stream) as client:
        client.settimeout(_SECONDS)
        try:
            client.connect((address, port))
            if kind == "udp":
                client.send(b"?")
                client.recv(1)
        except OSError as error:
            return "shut" if error.errno in _REFUSED else repr(error)
    return "open"


def _answer(chosen: selectors.BaseSelector) -> None:
    while True:
        for key, _ in chosen.select():
            server: Any = key.fileobj
            if server.type == socket.SOCK_STREAM:
                server.accept()[0].close()
            else:
                server.sendto(b"!", server.recvfrom(1)[1])


def main() -> None:
    """Do what is asked until nobody can ask any more."""
    enter_own_network()
    _say({"pid": os.getpid()})
    deeds: dict[str, Callable[[Any], Any]] = {
        "router": lambda _: become_router(),
        "listen": listen,
        "try": try_ways,
    }
    for line in sys.stdin:
        ((deed, what),) = json.loads(line).items()
        _say(deeds[deed](what))


def _say(answer: Any) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
