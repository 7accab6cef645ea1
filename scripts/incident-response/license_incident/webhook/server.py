"""The webhook's door: one address, one token, bounded bodies, bounded threads."""

import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from license_incident.errors import Refused
from license_incident.webhook.alerts import MOST_BYTES, Unreadable, read
from license_incident.webhook.desk import Desk, Full

SHORTEST_TOKEN: Final = 32
_MOST_CALLS: Final = 16
_SECONDS: Final = 10
_RETRY_SECONDS: Final = 30


class Door(ThreadingHTTPServer):
    """Serves one desk. More calls at a time than a few wait in the kernel's queue."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], desk: Desk, token: str) -> None:
        if len(token) < SHORTEST_TOKEN:
            raise Refused(f"the webhook's token has fewer than {SHORTEST_TOKEN} characters")
        self.desk = desk
        self.token = token.encode()
        self._places = threading.BoundedSemaphore(_MOST_CALLS)
        super().__init__(address, _Call)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Hand a call to a thread, when there is a place for one."""
        self._places.acquire()
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._places.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer a call and give the place back."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing about a caller that went away."""


class _Call(BaseHTTPRequestHandler):
    """One call. Every answer closes the connection."""

    server: Door
    server_version = "license-incident"
    sys_version = ""
    timeout = _SECONDS

    def do_GET(self) -> None:
        """Answer the probes."""
        if self.path == "/health":
            self._answer(200, {"status": "ok"})
        else:
            self._answer(404, {"error": "not_found"})

    def do_POST(self) -> None:
        """Take alerts on: 202 for what is new, 200 for what is known or over."""
        if self.path != "/alerts":
            self._answer(404, {"error": "not_found"})
        elif not self._is_trusted():
            self._answer(401, {"error": "invalid_token"})
        else:
            self._take()

    def _is_trusted(self) -> bool:
        given = self.headers.get("Authorization", "").encode("latin-1", "replace")
        return hmac.compare_digest(given, b"Bearer " + self.server.token)

    def _take(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit():
            self._answer(411, {"error": "length_required"})
        elif len(length) > 9 or int(length) > MOST_BYTES:
            self._answer(413, {"error": "body_too_large"})
        else:
            self._take_body(int(length))

    def _take_body(self, length: int) -> None:
        try:
            notice = read(self.rfile.read(length))
            is_new = notice is not None and self.server.desk.take(notice)
        except Unreadable as mistake:
            self._answer(400, {"error": "invalid_request", "message": str(mistake)})
        except Full:
            self._answer(503, {"error": "overloaded"}, retry_after=_RETRY_SECONDS)
        except OSError:  # what cannot be kept is not taken on: Alertmanager asks again
            self._answer(503, {"error": "not_kept"}, retry_after=_RETRY_SECONDS)
        else:
            told = {"incident": notice.incident if notice else None, "new": is_new}
            self._answer(202 if is_new else 200, told)

    def _answer(self, status: int, told: dict[str, Any], *, retry_after: int | None = None) -> None:
        body = json.dumps(told).encode()
        self.close_connection = True
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        if retry_after is not None:
            self.send_header("Retry-After", str(retry_after))
        if status == 401:
            self.send_header("WWW-Authenticate", "Bearer")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: Any) -> None:
        """Write one line, with nothing that a caller chose."""
        if getattr(self, "path", "") != "/health":
            status = words[2] if len(words) > 2 else "refused"
            print(f"call        {status}", flush=True)  # noqa: T201
