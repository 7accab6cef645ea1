"""A PagerDuty on loopback, in this process."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, Final

KEY: Final = "routing-key-that-nobody-may-see"


class PagerDuty:
    """Keeps what it is sent. ``answers`` are the statuses of the next events, then 202."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/v2/enqueue"
        self.events: list[dict[str, Any]] = []
        self.answers: list[int] = []


@contextmanager
def running_pagerduty() -> Iterator[PagerDuty]:
    """Run one for as long as the block."""

    class Call(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            desk.events.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            status = desk.answers.pop(0) if desk.answers else 202
            self.send_response(status)
            if status == 307:
                self.send_header("Location", desk.url)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_words: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Call)
    desk = PagerDuty(server.server_port)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield desk
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
