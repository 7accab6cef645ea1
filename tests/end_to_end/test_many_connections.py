"""A server takes as many connections as its machine allows, whatever the shell's limit."""

import socket
from contextlib import ExitStack
from pathlib import Path

from support.server import RunningServer, give_root_key

FEW_FILES = 200
CONNECTIONS = 300
IN_A_SHELL_WITH_FEW = ("sh", "-c", f'ulimit -S -n {FEW_FILES} && exec "$@"', "sh")
REQUEST = b"GET /health/live/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def test_the_soft_limit_of_open_files_is_no_limit_of_connections(tmp_path: Path) -> None:
    give_root_key(tmp_path)
    server = RunningServer(tmp_path, {}, launcher=IN_A_SHELL_WITH_FEW)
    server.start()

    with server, ExitStack() as opened:
        answers = [
            answer_on(opened.enter_context(socket.create_connection(server.address, timeout=10)))
            for _ in range(CONNECTIONS)
        ]

    assert {answer[:15] for answer in answers} == {b"HTTP/1.1 200 OK"}


def answer_on(connection: socket.socket) -> bytes:
    """Ask over a connection that stays open, and return the beginning of the answer."""
    connection.sendall(REQUEST)
    return connection.recv(65_536)
