"""The listening socket and the server loop of one process."""

import resource
import signal
import socket
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final, Protocol

import uvicorn
from django.conf import settings
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from coditect_license.draining import DRAIN_SECONDS, DrainingServer, Drains
from coditect_license.problems import problem_of
from foundation.logs import JsonLines
from foundation.request_facts import CUT_OFF, RequestFacts, begin_request
from foundation.request_lines import Exchange
from leasing import counts
from leasing.http.errors import FieldError, HeadTooLarge, InvalidRequest, RequestError
from leasing.http.messages import PROBLEM_JSON, Receive, Response, Scope, Send

MOST_HEAD_BYTES: Final = 32_768
MOST_HEADERS: Final = 100
_LONGEST_READ: Final = 262_144  # of the event loop, from a socket
ACCEPTED_IN_A_ROUND: Final = 32
_BACKLOG: Final = 2_048
_MOST_OPEN_FILES: Final = 65_536
"""Each connection is one. A bound where the hard limit is none."""

REQUEST_LOG: Final = "request_log"
"""Where in the state of the server's life the application leaves the stream of request lines."""
_NOT_HTTP: Final = FieldError("", "malformed", "these bytes are no HTTP request")


class PortBusy(Exception):
    """Somebody else listens on the address already, or it cannot be had."""


class _Protocol(HttpToolsProtocol):
    """Refuses bytes that are no HTTP with a problem document, as everything else is refused.

    What the parser keeps of one request before anybody has seen it is bounded too (S17).
    """

    _unfinished_bytes = 0
    """Read since a moment when no head was open; more than the open head only by one read."""
    _is_in_head = False
    _is_refused = False

    def data_received(self, data: bytes) -> None:
        """Parse what came, unless an address or header goes on without an end."""
        if self._is_refused:
            return
        self._unfinished_bytes += len(data)
        super().data_received(data)
        if not self._is_in_head:
            self._unfinished_bytes = 0
        elif self._unfinished_bytes > MOST_HEAD_BYTES + _LONGEST_READ:
            self._refuse(HeadTooLarge("an address or header without an end"))

    def on_message_begin(self) -> None:
        """Begin the head of a request."""
        self._is_in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Hand the request on. Raises HeadTooLarge, which ends the parser's work."""
        self._is_in_head = False
        if len(self.headers) > MOST_HEADERS or self._is_head_too_large():
            self._is_refused = True
            raise HeadTooLarge("too much before the body")
        super().on_headers_complete()

    def _is_head_too_large(self) -> bool:
        if self._unfinished_bytes <= MOST_HEAD_BYTES:
            return False
        return len(self.url) + sum(len(n) + len(v) for n, v in self.headers) > MOST_HEAD_BYTES

    def eof_received(self) -> bool:  # type: ignore[override]  # asyncio's own takes the answer
        """Return whether to keep the way back open: a whole request is answered all the same.

        Its caller may have closed its own half. Of one that breaks off nothing more can come.
        """
        is_answering = bool(self.cycle) and not self.cycle.response_complete
        return is_answering and not self.cycle.more_body

    def send_400_response(self, msg: str) -> None:
        """Answer and close the connection; nothing of ``msg`` is shown."""
        del msg
        self._refuse(HeadTooLarge("refused") if self._is_refused else InvalidRequest(_NOT_HTTP))

    def connection_lost(self, exc: Exception | None) -> None:
        """Note a request that ends before its head does."""
        if self._is_in_head and not self._is_refused:
            self._log(begin_request(None, None), None, CUT_OFF)
        super().connection_lost(exc)

    def _refuse(self, error: RequestError) -> None:
        self._is_refused = True
        facts = begin_request(None, None)
        problem = problem_of(error, facts.request_id) or Response(400)
        self.transport.write(_refusal(problem, facts.request_id))
        self.transport.close()
        self._log(facts, problem.status, problem.outcome)

    def _log(self, facts: RequestFacts, status: int | None, outcome: str) -> None:
        """Add the line of what never became a request: it reached neither plane."""
        facts.outcome = outcome
        request_log: JsonLines | None = self.app_state.get(REQUEST_LOG)
        if request_log is not None:
            request_log.append_request(Exchange("none", status=status), facts)


def _refusal(problem: Response, request_id: str) -> bytes:
    body, status = problem.body, problem.status
    counts.requests.add(status, counts.UNKNOWN, "control")
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        f"content-type: {PROBLEM_JSON.decode()}",
        f"content-length: {len(body)}",
        "cache-control: no-store",
        "x-content-type-options: nosniff",
        f"x-request-id: {request_id}",
        "connection: close",
        "\r\n",
    )
    return "\r\n".join(head).encode("ascii") + body


def listen(host: str, port: int) -> socket.socket:
    """Return a socket bound to the address. Raises PortBusy."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host.strip("[]"), port))
        bound.listen(_BACKLOG)
    except OSError as error:
        bound.close()
        raise PortBusy(f"cannot listen on {host}:{port}: {error.strerror}") from error
    return bound


def listeners(bound: socket.socket) -> list[socket.socket]:
    """Return a listening socket as often as connections are to be taken in a round of the loop.

    libuv takes one from each (since 1.45). A loop that computing threads make late has few rounds a
    second, and clients that keep no connection would wait for one of them each: docs/adr/0027.
    """
    return [bound, *(bound.dup() for _ in range(ACCEPTED_IN_A_ROUND - 1))]


class Serves(Drains, Protocol):
    """An ASGI application that can be told that its process will end."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one scope."""
        ...


def serve(application: Serves, bound: socket.socket) -> bool:
    """Serve until SIGINT or SIGTERM, then give notice and drain; return whether it began.

    Calls under way are finished within 25 s and what they changed is committed.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _already_draining)
    _allow_open_files()
    notice_seconds = settings.LICENSE_DRAIN_NOTICE_SECONDS
    server = DrainingServer(_config(application), application, notice_seconds=notice_seconds)
    try:
        server.run(sockets=listeners(bound))
    except SystemExit:  # how the server says that its application did not start
        return False
    return server.started


def _allow_open_files() -> None:
    """Raise the soft limit of open files, which shells leave at 1,024, towards the hard one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):  # macOS has a limit of its own: then it stays as it was
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _config(application: Any) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        loop="uvloop",
        http=_Protocol,
        ws="none",
        lifespan="on",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        log_config=None,
        timeout_keep_alive=settings.LICENSE_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )


def _already_draining(number: int, frame: object) -> None:
    """Let the server's own handlers decide; they hand the signal on when it has drained."""
